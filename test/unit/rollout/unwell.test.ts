import { expect, test } from 'vitest'
import type { Container } from '../../../src/rollout/model.ts'
import { freshPatience } from '../../../src/rollout/recovery/patience.ts'
import { unwell } from '../../../src/rollout/recovery/unwell.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'

/** Since when a bot like this, looked at every ten seconds, is told at every look, s; null: it is not at the last one. */
function toldSince(seconds: number, bot: (at: number) => Pick<Container, 'health' | 'startedAt' | 'state'>): number | null {
  const patience = freshPatience()
  let since: number | null = null
  for (let at = 0; at <= seconds; at += 10) {
    const container: Container = { id: 'b1', service: 'bot', imageId: 'i1', commit: null, address: null, ports: {}, restarts: 0, exitCode: null, ...bot(at) }
    const world = { engineFault: null, routes: { kind: 'missing' }, colors: { blue: 'healthy', green: 'absent' }, containers: [container] } as const
    const told = unwell(world, recordOf({}), openOperation.topology, patience, at * 1_000, 120_000)
    since = told.length === 0 ? null : (since ?? at)
  }
  return since
}

/** Its start, when there is one every so many seconds. */
const everySeconds = (seconds: number) => (at: number): string => `start ${Math.floor(at / seconds)}`

test('a bot that dies before it is ever healthy is told, also when each of its lives outlasts a minute', () => {
  expect(toldSince(900, (at) => ({ state: 'running', health: 'starting', startedAt: everySeconds(80)(at) }))).toBe(120)
})

test('a bot that is restarted whenever its health check has failed is told at every look, not only while it fails', () => {
  const since = toldSince(900, (at) => ({ state: 'running', health: at % 150 < 120 ? 'starting' : 'unhealthy', startedAt: everySeconds(150)(at) }))
  expect(since).toBe(120)
})

test('a bot that a daemon finds well is not told, whether it has a health check or not', () => {
  for (const health of ['healthy', 'none'] as const) expect(toldSince(900, () => ({ state: 'running', health, startedAt: 'long ago' }))).toBeNull()
})

test('a bot that was not well and is, is as any other', () => {
  const ill = (at: number): boolean => at < 100 || (at >= 200 && at < 300)
  expect(toldSince(290, (at) => ({ state: 'running', health: ill(at) ? 'starting' : 'healthy', startedAt: 'once' }))).toBeNull()
})
