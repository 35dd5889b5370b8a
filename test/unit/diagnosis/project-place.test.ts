import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Mounted } from '../../../src/diagnosis/installation.ts'
import { createProjectPlace } from '../../../src/diagnosis/project-place.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { createSystemClock } from '../../../src/storage/system-clock.ts'
import { wellEngine, wellInstallation } from './installation.ts'

const elsewhere: Mounted = { kind: 'mounted', hostPath: '/home/ann/stack', writable: true }
const leaving = new AbortController()
const placeWith = (mounted: () => Promise<Mounted>) => createProjectPlace(wellInstallation({ engine: wellEngine({ mounted }) }), createSystemClock())

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('fault 33: a project at another path than the host\'s is a reason to change nothing, with the mend', async () => {
  const place = placeWith(() => Promise.resolve(elsewhere))
  await place.look(leaving.signal)
  expect(place.problem()).toMatch(/\/srv\/stack is \/home\/ann\/stack on the host.*Mount the project into the updater/)
})

test.each<Mounted>([{ kind: 'host' }, { kind: 'mounted', hostPath: '/srv/stack', writable: true }, { kind: 'mounted', hostPath: '/srv/stack', writable: false }, { kind: 'unknown' }])('%j is none', async (mounted) => {
  const place = placeWith(() => Promise.resolve(mounted))
  await place.look(leaving.signal)
  expect(place.problem()).toBeNull()
})

test('plain processes have no mounts to look at', async () => {
  const place = createProjectPlace(wellInstallation({ engine: null }), createSystemClock())
  await place.look(leaving.signal)
  expect(place.problem()).toBeNull()
})

test('fault 33: an engine that does not answer yet holds up nothing, and is asked until it has told', async () => {
  let answers = false
  const place = placeWith(() => (answers ? Promise.resolve(elsewhere) : Promise.reject(new UpdaterError('engine_unreachable', 'Docker does not answer.'))))
  await place.look(leaving.signal)
  expect(place.problem()).toBeNull()
  await vi.advanceTimersByTimeAsync(11_000)
  expect(place.problem()).toBeNull()
  answers = true
  await vi.advanceTimersByTimeAsync(5_000)
  expect(place.problem()).toContain('/home/ann/stack')
})
