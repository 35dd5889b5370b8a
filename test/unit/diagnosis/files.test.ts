import { describe, expect, test } from 'vitest'
import { fileChecks } from '../../../src/diagnosis/files.ts'
import type { CheckId } from '../../../src/diagnosis/finding.ts'
import type { Installation, Known, Permissions } from '../../../src/diagnosis/installation.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { directory, file, fileSecret, findingOf, gigabyte, nothingKnown, socket, wellEngine, wellInstallation } from './installation.ts'

const secretFile = '/srv/stack/state/secret/.updater-secret'
const secretPlace = '/srv/stack/state/secret'
const engineSocket = '/var/run/docker.sock'

const find = (id: CheckId, changes: Partial<Installation> = {}, at: Readonly<Record<string, Permissions | null>> = {}, known: Known = nothingKnown) =>
  findingOf(fileChecks(wellInstallation(changes, at), known), id)

test.each(['settings', 'secret', 'socket', 'routes_place', 'state_disk', 'leftovers'] as const)('%s: where all is well it says so, and has nothing to advise', async (id) => {
  expect(await find(id)).toMatchObject({ check: id, verdict: 'ok', advice: null, found: expect.stringMatching(/^[A-Z0-9/].*\.$/) })
})

test('settings: what is probably not meant is told', async () => {
  expect(await find('settings', { settingsWarnings: ['environment: UPDATE_X is not a setting of the updater; did you mean UPDATER_X?'] }))
    .toMatchObject({ verdict: 'warning', found: expect.stringContaining('did you mean') })
})

describe('secret', () => {
  test.each([
    ['that is not there', null, 'wrong', /There is no secret at .*updater-secret/],
    ['that its group can change', file(0o460), 'warning', /its group can change it/],
    ['that its group cannot read', file(0o400), 'warning', /skills service may not/],
    ['of another group than its directory', file(0o440, { group: 7 }), 'warning', /belongs to group 7, and group 65532 is to read it/],
  ] as const)('%s is told', async (_what, found, verdict, sentence) => {
    expect(await find('secret', {}, { [secretFile]: found })).toMatchObject({ verdict, found: expect.stringMatching(sentence), advice: expect.stringMatching(/.+/) })
  })

  test('that everybody can read or replace is wrong, in the words of those who look at the file', async () => {
    const secret = fileSecret({ exposures: async () => ['The secret file can be read by everybody; chmod o= it.', 'Its directory can be written by everybody.'] })
    expect(await find('secret', { secret })).toMatchObject({ verdict: 'wrong', found: 'The secret file can be read by everybody; chmod o= it. Its directory can be written by everybody.' })
  })

  test('that can be guessed is told, wherever it comes from', async () => {
    for (const source of ['file', 'environment'] as const) {
      expect(await find('secret', { secret: fileSecret({ source, weakness: async () => 'The secret is shorter than 32 characters.' }) })).toMatchObject({ verdict: 'warning', found: 'The secret is shorter than 32 characters.' })
    }
  })

  test('beside an .env that everybody can read is not the only one', async () => {
    expect(await find('secret', { dotEnvExposure: async () => 'The file .env can be read by everybody.' })).toMatchObject({ verdict: 'warning', found: 'The file .env can be read by everybody.' })
  })

  test('in a directory that its group cannot enter is as good as unreadable', async () => {
    expect(await find('secret', {}, { [secretPlace]: directory(0o700) })).toMatchObject({ verdict: 'warning', found: expect.stringContaining('cannot get at it') })
  })

  test('of a group that the settings name is held against that one', async () => {
    const secret = fileSecret({ group: 1234 })
    expect(await find('secret', { secret })).toMatchObject({ verdict: 'warning', advice: expect.stringContaining('chgrp 1234') })
    expect(await find('secret', { secret }, { [secretFile]: file(0o440, { group: 1234 }) })).toMatchObject({ verdict: 'ok' })
  })

  test('in the environment has no file to look at', async () => {
    expect(await find('secret', { secret: fileSecret({ source: 'environment' }) }, { [secretFile]: null })).toMatchObject({ verdict: 'ok' })
  })
})

describe('socket', () => {
  test.each([
    ['that is not there', null, 'wrong', /There is no socket/],
    ['that is a directory, made by the engine where it found nothing to mount', directory(0o755), 'wrong', /is no socket/],
    ['that everybody can use', socket(0o666), 'wrong', /permissions 666: everybody .* is root/],
    ['that the updater may not use', socket(0o660, { writable: false }), 'wrong', /may not use .*, which belongs to group 999/],
  ] as const)('%s is told', async (_what, found, verdict, sentence) => {
    expect(await find('socket', {}, { [engineSocket]: found })).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('is not looked for where the engine is asked over the network, or where there is none', async () => {
    expect(await find('socket', { dockerHost: 'tcp://socket-proxy:2375' })).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('tcp://socket-proxy:2375') })
    expect(await find('socket', { engine: null })).toMatchObject({ verdict: 'not_checked' })
  })
})

test('routes_place: why no version can be renamed into force is told', async () => {
  expect(await find('routes_place', { routesPlace: async () => 'The staging directory is on another mount.' })).toMatchObject({ verdict: 'wrong', found: 'The staging directory is on another mount.' })
})

describe('state_disk', () => {
  test.each<[string, Partial<Installation>, Permissions | null, string, RegExp]>([
    ['not there', {}, null, 'wrong', /no state directory/],
    ['not writable', {}, directory(0o755, { writable: false }), 'wrong', /may not write/],
    ['full', { freeBytes: async () => 3e6 }, directory(0o755), 'wrong', /3 MB are free .* could not be written down/],
    ['nearly full', { freeBytes: async () => 0.1 * gigabyte }, directory(0o755), 'warning', /100 MB are free/],
    ['of a disk that cannot be asked', { freeBytes: () => Promise.reject(new UpdaterError('storage_failed', 'The disk cannot be asked: EIO')) }, directory(0o755), 'wrong', /cannot be asked: EIO\.$/],
  ])('that is %s is told', async (_what, changes, place, verdict, sentence) => {
    expect(await find('state_disk', changes, { '/srv/stack/state': place })).toMatchObject({ verdict, found: expect.stringMatching(sentence), advice: expect.stringMatching(/.+/) })
  })
})

describe('leftovers', () => {
  const left: Partial<Installation> = {
    stagedFiles: async () => ['routes-0a.yml'], engine: wellEngine({ keptImages: async () => [{ image: 'bot:keep-op-1', operation: 'op-1' }] }),
  }

  test('of files and images are named', async () => {
    expect(await find('leftovers', left)).toMatchObject({ verdict: 'warning', found: expect.stringContaining('routes-0a.yml and bot:keep-op-1') })
  })

  test('are none while the operation that they are of is open', async () => {
    expect(await find('leftovers', left, {}, { ...nothingKnown, operation: 'op-1' })).toMatchObject({ verdict: 'not_checked' })
  })

  test('are only half known while the engine does not answer', async () => {
    const engine = wellEngine({ keptImages: () => Promise.reject(new UpdaterError('engine_unreachable', 'Docker does not answer.')) })
    expect(await find('leftovers', { engine })).toMatchObject({ verdict: 'not_checked' })
    expect(await find('leftovers', { ...left, engine })).toMatchObject({ verdict: 'warning', found: expect.stringContaining('routes-0a.yml') })
  })
})
