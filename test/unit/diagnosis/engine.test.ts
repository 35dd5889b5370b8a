import { setMaxListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { clockCheck } from '../../../src/diagnosis/clock.ts'
import { engineChecks } from '../../../src/diagnosis/engine.ts'
import { examineInstallation, settingsRefused } from '../../../src/diagnosis/examine-installation.ts'
import type { CheckId } from '../../../src/diagnosis/finding.ts'
import type { EngineView, Mounted } from '../../../src/diagnosis/installation.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { findingOf, gigabyte, nothingKnown, wellEngine, wellInstallation } from './installation.ts'

const find = (id: CheckId, changes: Partial<EngineView> = {}, lastBuildBytes = 0) =>
  findingOf(engineChecks(wellInstallation({ engine: wellEngine(changes) }), { ...nothingKnown, lastBuildBytes }), id)
const gone = (): Promise<never> => Promise.reject(new UpdaterError('engine_unreachable', 'Docker does not answer at unix:///var/run/docker.sock (ENOENT).'))

test('engine: its version is told when it answers, and why it does not', async () => {
  expect(await find('engine')).toMatchObject({ verdict: 'ok', found: 'Docker Engine 28.5.1 answers.' })
  expect(await find('engine', { describe: gone })).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('ENOENT'), advice: expect.stringContaining('Start the engine') })
})

test('engine: one that hangs is wrong when the time of a look is over', async () => {
  const hung = engineChecks(wellInstallation({ engine: wellEngine({ describe: () => new Promise(() => undefined) }) }), nothingKnown)
  const over = new AbortController()
  const finding = findingOf(hung, 'engine', over.signal)
  over.abort()
  expect(await finding).toMatchObject({ verdict: 'wrong', found: 'There was no answer within the time of a look.' })
})

test('compose: its version is told when it answers, and why it does not', async () => {
  expect(await find('compose')).toMatchObject({ verdict: 'ok', found: 'Docker Compose 2.40.0 answers.' })
  const missing = () => Promise.reject(new UpdaterError('compose_failed', 'docker could not be started (spawn docker ENOENT).'))
  expect(await find('compose', { composeVersion: missing })).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('could not be started') })
})

describe('project_mount', () => {
  test.each<[Mounted, string, RegExp]>([
    [{ kind: 'mounted', hostPath: '/srv/stack', writable: true }, 'ok', /mounted at the host's own path/],
    [{ kind: 'host' }, 'ok', /no container is around/],
    [{ kind: 'mounted', hostPath: '/home/ann/stack', writable: true }, 'wrong', /\/srv\/stack is \/home\/ann\/stack on the host/],
    [{ kind: 'mounted', hostPath: '/srv/stack', writable: false }, 'warning', /read-only/],
    [{ kind: 'not_mounted' }, 'wrong', /not mounted from the host/],
    [{ kind: 'unknown' }, 'not_checked', /does not know/],
  ])('fault 33: %j is %s', async (mounted, verdict, sentence) => {
    expect(await find('project_mount', { mounted: async () => mounted })).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('is left open while the engine does not answer: that is one finding, not two', async () => {
    expect(await find('project_mount', { mounted: gone })).toMatchObject({ verdict: 'not_checked', advice: expect.stringContaining('engine first') })
  })
})

test.each([
  [50 * gigabyte, 2 * gigabyte, 'ok'],
  [0.5 * gigabyte, 0, 'warning'],
  [2 * gigabyte, 3 * gigabyte, 'wrong'],
  [10e6, 0, 'wrong'],
])('engine_disk: %i bytes free, the last build took %i: %s', async (bytes, lastBuild, verdict) => {
  expect(await find('engine_disk', { freeSpace: async () => ({ directory: '/var/lib/docker', bytes }) }, lastBuild)).toMatchObject({ verdict })
})

test('engine_disk: is left open where its directory is not seen, and while it does not answer', async () => {
  expect(await find('engine_disk', { freeSpace: async () => null })).toMatchObject({ verdict: 'not_checked' })
  expect(await find('engine_disk', { freeSpace: gone })).toMatchObject({ verdict: 'not_checked' })
})

test('without an engine nothing of it is looked at', async () => {
  const { signal } = new AbortController()
  setMaxListeners(0, signal) // as the API does it
  const findings = await examineInstallation(wellInstallation({ engine: null }))(nothingKnown, signal)
  expect(findings.filter(({ verdict }) => verdict === 'not_checked').map(({ check }) => check)).toEqual(['socket', 'engine', 'compose', 'project_mount', 'engine_disk'])
  expect(findings.filter(({ verdict }) => verdict === 'wrong')).toEqual([])
})

describe('clock', () => {
  const clock = (ofEngine: number | null, ofRemote: number | null) => findingOf([clockCheck(wellInstallation({
    engine: wellEngine({ describe: async () => ({ version: '28.5.1', skewMs: ofEngine }) }), remoteSkew: async () => ofRemote,
  }))], 'clock')

  test.each([
    [10, -900, 'ok', /agrees with that of the engine and the remote's web server/],
    [null, 20, 'ok', /agrees with that of the remote/],
    [8_000, 20, 'warning', /clock of the engine is 8 s ahead of ours/],
    [20, -7_200_000, 'wrong', /remote's web server is 7200 s behind ours/],
    [null, null, 'not_checked', /no other clock/],
  ] as const)('the engine %s ms ahead, the remote %s ms: %s', async (ofEngine, ofRemote, verdict, sentence) => {
    expect(await clock(ofEngine, ofRemote)).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('an engine that does not answer is told elsewhere', async () => {
    expect(await findingOf([clockCheck(wellInstallation({ engine: wellEngine({ describe: gone }) }))], 'clock')).toMatchObject({ verdict: 'ok' })
  })
})

test('settings: refused ones are told whole', () => {
  expect(settingsRefused(['a: must be b.', 'c: is unknown.'])).toMatchObject({ check: 'settings', verdict: 'wrong', found: 'a: must be b. c: is unknown.' })
})
