import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const operator = { uid: 4711, gid: 4711 }
/** The skills service's user, and the group of the secret's directory. */
const skills = { uid: 65532, gid: 65532 }
const somebody = { uid: 4712, gid: 4712 }

type User = typeof operator

const isRoot = process.getuid?.() === 0
const title = 'fault 41: the secret of an updater that is not root'
if (!isRoot && process.env['ZETHERION_REQUIRE_ALL'] === '1') throw new Error('ZETHERION_REQUIRE_ALL=1, but only root may run a process as somebody else')

describe.skipIf(!isRoot)(isRoot ? title : `${title} (not run: only root may run a process as somebody else)`, () => {
  let root: string
  let program: string

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'secret-owner-'))
    await chmod(root, 0o755)
    program = join(root, 'make.cjs')
    const source = fileURLToPath(new URL('../../../src/settings/secret-file.ts', import.meta.url))
    const contents = `import { readOrMakeSecret } from ${JSON.stringify(source)}
const [path, group] = process.argv.slice(2)
readOrMakeSecret(path, group === '' ? null : Number(group)).then((secret) => process.stdout.write(secret), (error) => { process.stdout.write('refused: ' + error.message) })`
    await build({ stdin: { contents, resolveDir: root, loader: 'ts' }, outfile: program, bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' })
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  /** What this user's process gets when it reads the secret, or makes it. */
  const made = async (user: User, path: string, group: number | null = null): Promise<string> =>
    (await promisify(execFile)(process.execPath, [program, path, group === null ? '' : String(group)], { uid: user.uid, gid: user.gid, env: {}, timeout: 20_000 })).stdout
  const directoryOf = async (name: string, mode: number, owner: User): Promise<string> => {
    const directory = join(root, name)
    await mkdir(directory)
    await chown(directory, operator.uid, owner.gid)
    await chmod(directory, mode)
    return directory
  }

  it('belongs to the group of a setgid directory, and nobody but the two can read it', async () => {
    const directory = await directoryOf('setgid', 0o2750, skills)
    const path = join(directory, '.updater-secret')
    const secret = await made(operator, path)
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    expect(await stat(path)).toMatchObject({ uid: operator.uid, gid: skills.gid })
    expect((await stat(path)).mode & 0o7777).toBe(0o440)
    expect(await made(skills, path)).toBe(secret)
    expect(await made(somebody, path)).toMatch(/^refused: EACCES/)
    expect(await readdir(directory)).toEqual(['.updater-secret'])
  })

  it('belongs to the named group if the updater is in it', async () => {
    const directory = await directoryOf('member', 0o750, operator)
    const path = join(directory, '.updater-secret')
    await chown(directory, operator.uid, skills.gid)
    await made({ uid: operator.uid, gid: skills.gid }, path, skills.gid)
    expect(await stat(path)).toMatchObject({ uid: operator.uid, gid: skills.gid })
    expect((await stat(path)).mode & 0o7777).toBe(0o440)
  })

  it.each([
    ['is not in the group of the directory, which has no setgid bit', 'plain', null],
    ['is not in the group that was named', 'named', skills.gid],
  ])('is not made, and nothing is left over, if the updater %s: the sentence says what to do', async (_, name, group) => {
    const directory = await directoryOf(name, 0o750, group === null ? skills : operator)
    expect(await made(operator, join(directory, '.updater-secret'), group))
      .toBe('refused: the updater may not give a file to group 65532: put it into that group (group_add), or give the directory that group and the setgid bit (chgrp 65532, chmod g+s)')
    expect(await readdir(directory)).toEqual([])
  })
})
