import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { git, makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { allow, makeKey, signTag, titleWithSigning, withoutSigning, type Key } from './signing.ts'

const signal = new AbortController().signal

describe.skipIf(withoutSigning)(titleWithSigning('fault 39: with allowed signers, a tag'), () => {
  let world: GitWorld
  let commit: string
  let releaser: Key
  let stranger: Key
  let allowedSigners: string
  beforeEach(async () => {
    world = await makeGitWorld()
    releaser = await makeKey(world.root, 'releaser')
    stranger = await makeKey(world.root, 'stranger')
    allowedSigners = join(world.root, 'allowed signers')
    await allow(allowedSigners, releaser)
    commit = await world.publish('v1.0.0', { a: 'one' })
  })
  afterEach(() => world.dispose())

  const push = (...refs: string[]) => git(world.author, 'push', '--quiet', '--force', world.remote, ...refs)
  const sign = async (tag: string, key: Key): Promise<void> => {
    await signTag(world.author, tag, key)
    await push(`refs/tags/${tag}`)
  }
  const writeTag = (text: string): string => execFileSync('git', ['hash-object', '-t', 'tag', '-w', '--stdin'], { cwd: world.author, input: text, encoding: 'utf8' }).trim()
  const take = (tag: string, environment?: Record<string, string>) => world.openWith({ allowedSigners, ...(environment && { environment }) }).fetch(tag, null, signal)
  const tagsTaken = () => git(world.root, '--git-dir', join(world.state, 'source.git'), 'for-each-ref', '--format=%(refname)')
  /** Told, and nothing of it is here: neither under its name nor as a commit to go back to. */
  const expectRefused = async (tag: string, message: RegExp): Promise<void> => {
    await expect(take(tag)).rejects.toMatchObject({ code: 'tag_unsigned', message: expect.stringMatching(message) })
    expect(await tagsTaken()).not.toContain(tag)
    expect(await world.openWith({ allowedSigners }).has(commit, signal)).toBe(false)
  }

  test('that one of them signed is taken, again and again', async () => {
    await sign('v1.0.0', releaser)
    expect([await take('v1.0.0'), await take('v1.0.0')]).toEqual([commit, commit])
    expect(await world.openWith({ allowedSigners }).has(commit, signal)).toBe(true)
  })

  test('that nobody signed is refused, and taken once it is signed', async () => {
    await expectRefused('v1.0.0', /^The tag v1\.0\.0 carries no signature by anybody listed in .*allowed signers .*no signature found.*nothing was changed\..*git tag -s/)
    await sign('v1.0.0', releaser)
    expect(await take('v1.0.0')).toBe(commit)
  })

  test('without a tag object is refused', async () => {
    await git(world.author, 'tag', '-d', 'v1.0.0')
    await git(world.author, 'tag', 'v1.0.0')
    await push('refs/tags/v1.0.0')
    await expectRefused('v1.0.0', /cannot verify a non-tag object/)
  })

  test('that somebody else signed is refused, by the name of the key', async () => {
    await sign('v1.0.0', stranger)
    await expectRefused('v1.0.0', new RegExp(`is signed by the key ${stranger.fingerprint.replaceAll(/[+/]/g, String.raw`\$&`)}.*No principal matched`))
  })

  test('that says something else than what was signed is refused', async () => {
    await sign('v1.0.0', releaser)
    const signed = await git(world.author, 'cat-file', 'tag', 'v1.0.0')
    const changed = writeTag(`${signed.replace('\n\nv1.0.0\n', '\n\nv1.0.0, changed\n')}\n`)
    await push(`${changed}:refs/tags/v1.0.0`)
    await expectRefused('v1.0.0', /incorrect signature/)
  })

  test('that is another one, signed and renamed, is refused', async () => {
    await sign('v1.0.0', releaser)
    await push('refs/tags/v1.0.0:refs/tags/v9.0.0')
    await expect(take('v9.0.0')).rejects.toMatchObject({ code: 'tag_moved' })
    expect(await tagsTaken()).not.toContain('v9.0.0')
  })

  test('with a signature for another purpose than git is refused', async () => {
    await allow(allowedSigners, releaser, 'namespaces="file"')
    await sign('v1.0.0', releaser)
    await expectRefused('v1.0.0', /not permitted for use in signature namespace "git"|No principal matched/)
  })

  test('with a signature of another kind is refused, whoever answers for such ones on this machine', async () => {
    const tag = writeTag(`object ${commit}\ntype commit\ntag v1.0.0\ntagger A <a@example.org> 0 +0000\n\nv1.0.0\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n`)
    await push(`${tag}:refs/tags/v1.0.0`)
    const bin = join(world.root, 'bin')
    await mkdir(bin)
    const good = String.raw`#!/bin/sh
printf '\n[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0123456789ABCDEF A\n[GNUPG:] TRUST_ULTIMATE 0 pgp\n'`
    await writeFile(join(bin, 'gpg'), good, { mode: 0o755 })
    await expect(take('v1.0.0', { PATH: `${bin}:${process.env['PATH'] ?? ''}` })).rejects.toMatchObject({ code: 'tag_unsigned' })
  })

  test('fault 38: that one of them signed is refused where a lying remote says that it leads to another release, which is here as well', async () => {
    const unsigned = await world.publish('v1.1.0', { a: 'two' })
    await world.open().fetch('v1.1.0', null, signal)
    await sign('v1.0.0', releaser)
    await take('v1.0.0')
    const packed = join(world.remote, 'packed-refs')
    await git(world.remote, 'pack-refs', '--all')
    await writeFile(packed, (await readFile(packed, 'utf8')).replace(`^${commit}`, `^${unsigned}`))
    expect(await world.open().listTags(signal)).toContainEqual({ tag: 'v1.0.0', commit: unsigned })
    await expect(take('v1.0.0')).rejects.toMatchObject({ code: 'tag_moved', details: { expected: commit, found: unsigned } })
  })

  // ssh-keygen leaves a bad signature before it has read what git would have it check, which takes git along by a full pipe.
  test('with a signature that is none is refused, and the tag is to blame, however long it is', async () => {
    for (const lines of [1, 2_000]) {
      const text = `object ${commit}\ntype commit\ntag v1.0.0\ntagger A <a@example.org> 0 +0000\n\n${`${'x'.repeat(70)}\n`.repeat(lines)}-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n`
      await push(`${writeTag(text)}:refs/tags/v1.0.0`)
      await expectRefused('v1.0.0', /carries no signature by anybody listed/)
    }
  })

  test('that was taken before they were named is refused from then on, unless one of them signed it', async () => {
    expect(await world.open().fetch('v1.0.0', null, signal)).toBe(commit)
    await expect(take('v1.0.0')).rejects.toMatchObject({ code: 'tag_unsigned' })
    await sign('v1.0.0', releaser)
    expect(await take('v1.0.0')).toBe(commit)
  })

  test('of one who is no longer among them is refused, although it is here', async () => {
    await sign('v1.0.0', releaser)
    await take('v1.0.0')
    await allow(allowedSigners, stranger)
    await expect(take('v1.0.0')).rejects.toMatchObject({ code: 'tag_unsigned' })
  })

  test('is not taken while their file cannot be read, which is told as such', async () => {
    await sign('v1.0.0', releaser)
    await rm(allowedSigners)
    await expect(take('v1.0.0')).rejects.toMatchObject({ code: 'git_failed', message: expect.stringMatching(/ENOENT.*allowed signers.*git\.allowedSigners/) })
  })

  // A mount of what is not there makes a directory; what is no file may be read without an end.
  test.each([['a FIFO', 'mkfifo'], ['a directory', 'mkdir']])('is not taken while their file is %s, which is told as such', async (_what, make) => {
    await rm(allowedSigners)
    execFileSync(make, [allowedSigners])
    await sign('v1.0.0', releaser)
    await expect(take('v1.0.0')).rejects.toMatchObject({ code: 'git_failed', message: expect.stringMatching(/allowed signers is no file.*git\.allowedSigners/) })
  })

  test('is not taken where there is no ssh-keygen, which is told as such', async () => {
    await sign('v1.0.0', releaser)
    const bin = join(world.root, 'bin')
    await mkdir(bin)
    for (const program of ['git', 'sh', 'false']) await symlink(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(), join(bin, program))
    await expect(take('v1.0.0', { PATH: bin })).rejects.toMatchObject({ code: 'git_failed', message: expect.stringMatching(/cannot run ssh-keygen.*openssh/) })
  })

  test('is not taken where there is no room to look at its signature, which is told as such', async () => {
    await sign('v1.0.0', releaser)
    await expect(take('v1.0.0', { PATH: process.env['PATH'] ?? '', TMPDIR: join(world.root, 'nowhere') })).rejects.toMatchObject({ code: 'git_failed', message: expect.stringMatching(/cannot be checked: .*Make room/) })
  })

  test('is not taken where ssh-keygen will not work, since nobody knows who it runs as, which is told as such', async () => {
    await sign('v1.0.0', releaser)
    const bin = join(world.root, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'ssh-keygen'), '#!/bin/sh\necho "No user exists for uid 54321" >&2\nexit 255\n', { mode: 0o755 })
    await expect(take('v1.0.0', { PATH: `${bin}:${process.env['PATH'] ?? ''}` })).rejects.toMatchObject({ code: 'git_failed', message: expect.stringMatching(/^The signature of the tag v1\.0\.0 cannot be checked: .*ssh-keygen works here: .*\/etc\/passwd/) })
  })
})

test('without allowed signers nobody asks for a signature', async () => {
  const world = await makeGitWorld()
  try {
    const commit = await world.publish('v1.0.0', { a: 'one' })
    await signTag(world.author, 'v1.0.0', await makeKey(world.root, 'stranger'))
    await git(world.author, 'push', '--quiet', '--force', world.remote, 'refs/tags/v1.0.0')
    expect(await world.open().fetch('v1.0.0', null, signal)).toBe(commit)
  } finally {
    await world.dispose()
  }
})
