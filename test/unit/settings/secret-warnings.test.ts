import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hiddenText } from '../../../src/settings/hidden-text.ts'
import { loadSettings } from '../../../src/settings/load-settings.ts'
import { secretWeakness } from '../../../src/settings/secret-strength.ts'
import { secretWarnings } from '../../../src/settings/secret-warnings.ts'

const strong = 'q0Vb8sYt2mKx7PzR4wNc9LfHdJ6gTu1A'

async function project(): Promise<{ readonly directory: string; readonly secret: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'secret-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await mkdir(join(directory, 'secret'), { mode: 0o750 })
  const secret = join(directory, 'secret', '.updater-secret')
  await writeFile(secret, `${strong}\n`, { mode: 0o640 })
  return { directory, secret }
}

describe('a secret', () => {
  it.each([
    ['shorter than 32 characters', 'q0Vb8sYt2mKx7PzR4wNc9LfHdJ6gTu1', 'is shorter than 32 characters'],
    ['empty', '', 'is shorter than 32 characters'],
    ['a placeholder', 'please-change-me-before-you-start-it', 'looks like a placeholder'],
    ['one character', 'a'.repeat(40), 'repeats itself or counts'],
    ['a word again and again', 'hunter2-'.repeat(5), 'repeats itself or counts'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789', 'repeats itself or counts'],
    ['two characters in turn by chance', '0110100110010110100101100110100101', 'repeats itself or counts'],
    ['five characters by chance', 'axqkfkqxfaqakxfqxkafqkxaqfkaxqfkqaxf'.replaceAll('f', 'x'), 'is made of too few different characters'],
  ])('that is %s is weak', (_, secret, weakness) => {
    expect(secretWeakness(secret)).toBe(weakness)
    if (secret !== '') expect(weakness).not.toContain(secret)
  })

  it('that was drawn by chance is not', () => {
    for (let bytes = 24; bytes < 64; bytes += 1) {
      const drawn = randomBytes(bytes)
      expect([secretWeakness(drawn.toString('base64url')), secretWeakness(drawn.toString('hex'))]).toEqual([null, null])
    }
  })
})

describe('what is told of secrets at start', () => {
  it('is nothing where all is well, or where there is none yet', async () => {
    const { directory, secret } = await project()
    await writeFile(join(directory, '.env'), 'A=1\n', { mode: 0o600 })
    expect(await secretWarnings({ value: null, path: secret, group: null }, directory)).toEqual([])
    expect(await secretWarnings({ value: null, path: join(directory, 'none/.updater-secret'), group: null }, directory)).toEqual([])
    expect(await secretWarnings({ value: hiddenText(strong), path: secret, group: null }, directory)).toEqual([])
  })

  it.each([
    [0o644, 'can be read by everybody'],
    [0o642, 'can be changed by everybody'],
    [0o646, 'can be read and changed by everybody'],
  ])('is a file with mode %o', async (mode, rights) => {
    const { directory, secret } = await project()
    await chmod(secret, mode)
    expect(await secretWarnings({ value: null, path: secret, group: null }, directory)).toEqual([
      `The secret file ${secret} ${rights} on this machine; chmod o= ${secret}, and make a new secret if somebody else may have read it.`,
    ])
    // It is not what counts then.
    expect(await secretWarnings({ value: hiddenText(strong), path: secret, group: null }, directory)).toEqual([])
  })

  it('is a directory that everybody can write', async () => {
    const { directory, secret } = await project()
    await chmod(join(directory, 'secret'), 0o1777)
    expect(await secretWarnings({ value: null, path: secret, group: null }, directory)).toEqual([expect.stringContaining('The directory of the secret')])
  })

  it('is an .env that everybody can read', async () => {
    const { directory, secret } = await project()
    await writeFile(join(directory, '.env'), 'PASSWORD=hunter2\n')
    await chmod(join(directory, '.env'), 0o644)
    expect(await secretWarnings({ value: null, path: secret, group: null }, directory)).toEqual([expect.stringMatching(/^The file .*\/\.env can be read by everybody/)])
  })

  it('is a weak secret, given or in the file, without any of it, when the settings are read', async () => {
    const { directory, secret } = await project()
    await writeFile(secret, 'hunter2\n', { mode: 0o640 })
    const given = await loadSettings({ PROJECT_DIR: directory, UPDATER_SECRET: 'hunter2' })
    const fromFile = await loadSettings({ PROJECT_DIR: directory, UPDATER_SECRET_PATH: secret })
    expect(given).toMatchObject({ settings: { secretWarnings: ['environment: UPDATER_SECRET is shorter than 32 characters; who guesses it can roll out and pause: leave UPDATER_SECRET unset to have one made.'] } })
    expect(fromFile).toMatchObject({ settings: { secretWarnings: [`The secret in ${secret} is shorter than 32 characters; who guesses it can roll out and pause: remove the file to have a new one made.`] } })
    expect(JSON.stringify([given, fromFile])).not.toContain('hunter2')
  })
})
