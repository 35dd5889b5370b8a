import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadSettings } from '../../../src/settings/load-settings.ts'

async function project(config: string | null): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'settings-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await mkdir(join(directory, 'config'))
  if (config !== null) await writeFile(join(directory, 'config', 'updater.yml'), config)
  return directory
}

describe('the settings of a process', () => {
  it("come from the project's config/updater.yml, if there is one", async () => {
    const reading = await loadSettings({ PROJECT_DIR: await project('limits:\n  drain: 3s\n') })
    expect(reading).toMatchObject({ kind: 'settings', settings: { limits: { drain: 3_000, stop: 30_000 } } })
  })

  it('are the defaults if there is none', async () => {
    expect(await loadSettings({ PROJECT_DIR: await project(null) })).toMatchObject({ kind: 'settings', settings: { limits: { drain: 10_000 } } })
  })

  it('name the file in the project as an operator knows it', async () => {
    const reading = await loadSettings({ PROJECT_DIR: await project('limits:\n  drain: soon\n') })
    expect(reading).toMatchObject({ kind: 'refused', problems: [{ where: 'config/updater.yml:2', key: 'limits.drain' }] })
  })

  it('come from the file that UPDATER_CONFIG names', async () => {
    const directory = await project(null)
    const elsewhere = join(await project(null), 'other.yml')
    await writeFile(elsewhere, 'limits: {drain: 4s}\n')
    expect(await loadSettings({ PROJECT_DIR: directory, UPDATER_CONFIG: elsewhere })).toMatchObject({ settings: { limits: { drain: 4_000 } } })
    await writeFile(elsewhere, 'limits: {drain: soon}\n')
    expect(await loadSettings({ PROJECT_DIR: directory, UPDATER_CONFIG: elsewhere })).toMatchObject({ problems: [{ where: `${elsewhere}:1` }] })
  })

  it('are refused, with the API up, if the file that UPDATER_CONFIG names is not there', async () => {
    const directory = await project(null)
    const reading = await loadSettings({ PROJECT_DIR: directory, UPDATER_CONFIG: join(directory, 'no.yml') })
    expect(reading).toMatchObject({ kind: 'refused', api: { port: 9090 }, problems: [{ sentence: expect.stringContaining('no.yml: this cannot be read: ENOENT') }] })
  })

  it('are refused if the file is there but cannot be read: its topology may be another one', async () => {
    const directory = await project(null)
    await mkdir(join(directory, 'config', 'updater.yml'))
    const reading = await loadSettings({ PROJECT_DIR: directory, AUTO_UPDATE_ENABLED: 'maybe' })
    expect(reading).toMatchObject({
      kind: 'refused',
      problems: [{ sentence: expect.stringContaining('config/updater.yml: this cannot be read: EISDIR') }, { key: 'AUTO_UPDATE_ENABLED' }],
    })
  })

  describe('that name allowed signers', () => {
    const config = 'git:\n  allowedSigners: config/allowed-signers\n'
    const told = async (directory: string, PATH: string): Promise<unknown> => {
      const reading = await loadSettings({ PROJECT_DIR: directory, PATH })
      return reading.kind === 'settings' ? [reading.settings.git.allowedSigners, reading.settings.warnings] : reading
    }

    it('find their file in the project', async () => {
      const directory = await project(config)
      await writeFile(join(directory, 'config', 'allowed-signers'), '')
      await writeFile(join(directory, 'ssh-keygen'), '', { mode: 0o755 })
      expect(await told(directory, `/nowhere:${directory}`)).toEqual([join(directory, 'config/allowed-signers'), []])
    })

    it('are used, with a warning of what would have every tag refused: what runs is to be looked after all the same', async () => {
      const directory = await project(config)
      expect(await told(directory, '/nowhere')).toEqual([join(directory, 'config/allowed-signers'), [
        expect.stringMatching(/^config\/updater\.yml:2: git\.allowedSigners names a file that cannot be read: ENOENT.*; every tag is refused until it can$/),
        'config/updater.yml:2: git.allowedSigners wants the program ssh-keygen, which is not in PATH; every tag is refused until it is',
      ]])
    })

    it('may name them by an absolute path', async () => {
      expect(await told(await project('git: {allowedSigners: /etc/signers}'), '/nowhere')).toEqual(['/etc/signers', [expect.anything(), expect.anything()]])
    })
  })
})
