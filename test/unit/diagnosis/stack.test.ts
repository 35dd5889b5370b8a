import { describe, expect, test } from 'vitest'
import type { CheckId } from '../../../src/diagnosis/finding.ts'
import { stackChecks, type StackView } from '../../../src/diagnosis/stack.ts'
import { updaterCheck } from '../../../src/diagnosis/updater.ts'
import type { UpdaterRecord } from '../../../src/rollout/model.ts'
import type { World } from '../../../src/rollout/recovery/observation.ts'
import { openOperation, operatorHold } from '../../contract/record-store/records.ts'
import { findingOf } from './installation.ts'
import { container, reachOf, routes, settled, worldOf } from './reach.ts'

const find = (id: CheckId, view: Partial<StackView> = {}, found: Partial<World> = {}) => findingOf(stackChecks({
  reach: reachOf(), loaded: { kind: 'record', record: settled }, undetermined: false, doing: null, world: async () => worldOf(found), ...view,
}), id)
const withRecord = (changes: Partial<UpdaterRecord>): Partial<StackView> => ({ loaded: { kind: 'record', record: { ...settled, ...changes } } })

test.each(['record', 'agreement', 'standby', 'holds'] as const)('%s: where all is well it says so, and has nothing to advise', async (id) => {
  expect(await find(id)).toMatchObject({ check: id, verdict: 'ok', advice: null })
})

describe('updater', () => {
  const found = (observing: string | null, waiting: string | null) => findingOf([updaterCheck({ uptimeSeconds: 125, observing, waiting })], 'updater')
  test('tells that it looks after the stack, that it only observes, and that it waits for the stack', async () => {
    expect(await found(null, null)).toMatchObject({ verdict: 'ok', found: expect.stringContaining('2 min') })
    expect(await found('The secret file is empty', null)).toMatchObject({ verdict: 'wrong', found: 'The updater only observes: The secret file is empty.' })
    expect(await found(null, 'There is no container of bot yet.')).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('no container of bot') })
  })
})

describe('record', () => {
  test.each([
    [null, 'not_checked', /not read yet/],
    [{ kind: 'none' }, 'warning', /There is no record/],
    [{ kind: 'damaged', reason: 'it is empty' }, 'wrong', /damaged: it is empty\./],
    [{ kind: 'newer', schema: 9 }, 'wrong', /schema 9/],
  ] as const)('%j is %s', async (loaded, verdict, sentence) => {
    expect(await find('record', { loaded })).toMatchObject({ verdict, found: expect.stringMatching(sentence), advice: expect.stringMatching(/.+/) })
  })

  test("the predecessor's is not taken over yet", async () => {
    const state = {
      activeColor: null, lastGoodTag: null, paused: false, pauseReason: null, lastCheckedAt: null, lastAttemptedTag: null, lastSuccessAt: null, lastFailureAt: null, resumedAt: null, unknownKeys: {},
    }
    expect(await find('record', { loaded: { kind: 'predecessor', state } })).toMatchObject({ verdict: 'warning', found: expect.stringContaining('predecessor') })
  })

  test('whose last write failed is wrong', async () => {
    expect(await find('record', { undetermined: true })).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('last write') })
  })

  test.each<[string, Partial<UpdaterRecord>]>([
    ['a look at the remote', { lastCheckedAt: '2027-01-01T00:00:00.000Z' }],
    ['a hold', { holds: [{ ...operatorHold, since: '2027-01-01T00:00:00.000Z' }] }],
    ['a quarantine', { quarantine: [{ commit: 'c', tag: 'v9.0.0', reason: 'ill', since: '2027-01-01T00:00:00.000Z' }] }],
    ['maintenance', { maintenance: { reason: 'new disks', by: 'ann', since: '2027-01-01T00:00:00.000Z' } }],
  ])('with a time of %s that is still to come is told', async (_what, changes) => {
    expect(await find('record', withRecord(changes))).toMatchObject({ verdict: 'warning', found: expect.stringContaining('2027-01-01T00:00:00.000Z') })
  })
})

describe('agreement', () => {
  test.each<[string, Partial<UpdaterRecord>, Partial<World>, string, RegExp]>([
    ['an older copy of the record', {}, { routes: { ...routes, sequence: 11 } }, 'wrong', /older copy was restored.*\(R4\)/],
    ['two bots', {}, { containers: [container('skills-blue'), container('bot'), container('bot', { id: 'bot-2' })] }, 'wrong', /\(R5\)/],
    ['routes edited by hand', {}, { routes: { ...routes, text: 'theirs' } }, 'warning', /changed by hand.*\(R13\)/],
    ['another color routed', {}, { routes: { ...routes, active: 'green' }, colors: { blue: 'healthy', green: 'healthy' } }, 'wrong', /routed the traffic to green.*\(R14\)/],
    ['no routes', {}, { routes: { kind: 'missing' } }, 'wrong', /\(R15\)/],
    ['no bot', {}, { containers: [container('skills-blue')] }, 'wrong', /bot should run and does not.*\(R16\)/],
    ['a standby that runs', {}, { containers: [container('skills-blue'), container('skills-green'), container('bot')] }, 'warning', /\(R17\)/],
    ['an unhealthy color that serves', {}, { colors: { blue: 'unhealthy', green: 'stopped' } }, 'wrong', /does not answer as healthy/],
    ['another image than the record has', {}, { containers: [container('skills-blue', { commit: 'f'.repeat(40) }), container('bot')] }, 'wrong', /somebody replaced it/],
    ['an operation that was left open', { operation: openOperation }, {}, 'wrong', /is undone.*\(R7\)/],
    ['an engine that does not answer', {}, { engineFault: 'gone', containers: [] }, 'not_checked', /\(R2\)/],
  ])('%s is told, with its row', async (_what, record, found, verdict, sentence) => {
    expect(await find('agreement', withRecord(record), found)).toMatchObject({ verdict, found: expect.stringMatching(sentence), advice: expect.stringMatching(/.+/) })
  })

  test('is left open during an operation, and before the record was read', async () => {
    expect(await find('agreement', { doing: 'apply v1.1.0' })).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('apply v1.1.0') })
    expect(await find('agreement', { loaded: null })).toMatchObject({ verdict: 'not_checked' })
  })

  test('without a record it is a first start, or not, by what was left of an earlier one', async () => {
    const plain = { routes: { ...routes, sequence: null, generation: null } }
    expect(await find('agreement', { loaded: { kind: 'none' } }, plain)).toMatchObject({ verdict: 'warning', found: expect.stringContaining('(R3)') })
    const history = { entries: () => Promise.resolve([{ tag: 'v1.0.0', version: '1.0.0', timestamp: '', result: settled.lastResult ?? never() }]) }
    expect(await find('agreement', { loaded: { kind: 'none' }, reach: reachOf({ history }) }, plain)).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('(R4)') })
  })
})

describe('standby', () => {
  test.each<[string, Partial<World>, string, RegExp]>([
    ['that runs', { containers: [container('skills-blue'), container('skills-green')] }, 'warning', /skills-green of the standby color green is not stopped/],
    ['that was left twice', { containers: [container('skills-blue'), container('skills-green', { state: 'exited' }), container('skills-green', { id: '2', state: 'created' })] }, 'warning', /More than one container is left of skills-green/],
    ['that was never there', { containers: [container('skills-blue')] }, 'ok', /blue serves/],
    ['that nobody can look at', { engineFault: 'gone' }, 'not_checked', /does not answer/],
  ])('%s is told', async (_what, found, verdict, sentence) => {
    expect(await find('standby', {}, found)).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('is that of the routes where there is no record', async () => {
    expect(await find('standby', { loaded: null })).toMatchObject({ verdict: 'ok' })
    expect(await find('standby', { loaded: null }, { routes: { kind: 'missing' } })).toMatchObject({ verdict: 'not_checked' })
  })

  test('is its own during an operation', async () => {
    expect(await find('standby', { doing: 'apply v1.1.0' }, { containers: [container('skills-green')] })).toMatchObject({ verdict: 'not_checked' })
  })
})

test('holds: a pause and maintenance mode are told with their reason, and how they end', async () => {
  expect(await find('holds', withRecord({ holds: [operatorHold] }))).toMatchObject({ verdict: 'warning', found: 'Rollouts are paused: maintenance tonight.', advice: expect.stringContaining('unpause') })
  expect(await find('holds', withRecord({ maintenance: { reason: 'new disks', by: 'ann', since: '2026-11-01T00:00:00.000Z' } })))
    .toMatchObject({ verdict: 'warning', found: expect.stringContaining('new disks'), advice: expect.stringContaining('DELETE /maintenance') })
  expect(await find('holds', { loaded: { kind: 'damaged', reason: 'empty' } })).toMatchObject({ verdict: 'not_checked' })
})

function never(): never {
  throw new Error('the record of the contract suites has a last result')
}
