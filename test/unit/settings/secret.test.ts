import { chown, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hiddenText } from '../../../src/settings/hidden-text.ts'
import { createSecret } from '../../../src/settings/secret.ts'
import { readOrMakeSecret } from '../../../src/settings/secret-file.ts'

/** Two groups that this process may give files to: any for root, else its own. */
function groups(): readonly [number, number] {
  if (process.getuid?.() === 0) return [4242, 4343]
  const own = process.getgroups?.() ?? []
  return [own.at(-1) ?? 0, own.at(0) ?? 0]
}

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'secret-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'secret', '.updater-secret')
}

function fromFile(path: string, group: number | null = null) {
  return createSecret({ value: null, path, group })
}

describe('fault 41: the secret', () => {
  it('is UPDATER_SECRET if that is set, and no file is made then', async () => {
    const path = await place()
    const secret = createSecret({ value: hiddenText('from-the-environment'), path, group: null })
    expect(await secret.check()).toBeNull()
    expect(await secret.matches('from-the-environment')).toBe(true)
    expect(await secret.matches('from-the-environment ')).toBe(false)
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('is made when there is none: 32 random bytes for its owner and one group, and nothing beside it', async () => {
    const path = await place()
    const secret = fromFile(path)
    expect(await secret.check()).toBeNull()
    const text = (await readFile(path, 'utf8')).trim()
    expect(Buffer.from(text, 'base64url')).toHaveLength(32)
    expect((await stat(path)).mode & 0o777).toBe(0o440)
    expect((await stat(join(path, '..'))).mode & 0o007).toBe(0)
    expect(await readdir(join(path, '..'))).toStrictEqual(['.updater-secret'])
    expect(await secret.matches(text)).toBe(true)
  })

  it('is another one each time it is made', async () => {
    const [one, two] = [await place(), await place()]
    await Promise.all([fromFile(one).check(), fromFile(two).check()])
    expect(await readFile(one, 'utf8')).not.toBe(await readFile(two, 'utf8'))
  })

  it('is one and the same for all who make it at once', async () => {
    const path = await place()
    // Each begins a little later, so that some are at their end while others still find no file.
    const maker = async (_: unknown, later: number): Promise<string> => {
      for (let turn = 0; turn < later * 3; turn += 1) await setImmediate()
      return readOrMakeSecret(path, null)
    }
    const texts = await Promise.all(Array.from({ length: 40 }, maker))
    expect(new Set(texts).size).toBe(1)
    expect(await fromFile(path).matches(texts[0] ?? '')).toBe(true)
    expect(await readdir(join(path, '..'))).toStrictEqual(['.updater-secret'])
  })

  it("is readable by its directory's group, or by the one that was named", async () => {
    const [one, two] = [await place(), await place()]
    const [first, second] = groups()
    await mkdir(join(one, '..'))
    await chown(join(one, '..'), -1, first)
    await fromFile(one).check()
    expect((await stat(one)).gid).toBe(first)
    await fromFile(two, second).check()
    expect((await stat(two)).gid).toBe(second)
    expect((await stat(join(two, '..'))).gid).toBe(second)
  })

  it('that was there is taken as it is, without the line break that editors add', async () => {
    const path = await place()
    await mkdir(join(path, '..'))
    await writeFile(path, 'written-by-hand\n')
    expect(await fromFile(path).matches('written-by-hand')).toBe(true)
  })

  it('is the new one as soon as the file was replaced', async () => {
    const path = await place()
    const secret = fromFile(path)
    await secret.check()
    const old = (await readFile(path, 'utf8')).trim()
    await writeFile(`${path}.new`, 'rotated')
    await rename(`${path}.new`, path)
    expect(await secret.matches('rotated')).toBe(true)
    expect(await secret.matches(old)).toBe(false)
  })

  it('that is empty lets nobody in, not even with an empty secret, until somebody writes one', async () => {
    const path = await place()
    await mkdir(join(path, '..'))
    await writeFile(path, '\n')
    const secret = fromFile(path)
    expect(await secret.check()).toBe(`The secret file ${path} is empty; write a secret into it, or remove it to have one made.`)
    expect(await secret.matches('')).toBe(false)
    await writeFile(path, 'mended')
    expect(await secret.matches('mended')).toBe(true)
    expect(secret.problem()).toBeNull()
  })

  it('that cannot be read is told, with what to do', async () => {
    const path = await place()
    await mkdir(path, { recursive: true })
    const secret = fromFile(path)
    expect(await secret.check()).toMatch(/can be neither read nor made \(EISDIR.*\); mend it, or set UPDATER_SECRET\.$/)
    expect(await secret.matches('anything')).toBe(false)
  })
})
