import { describe, expect, test } from 'vitest'
import type { Container, LoadedRecord, OpenOperation, Phase, RoutesFile, UpdaterRecord } from '../../../src/rollout/model.ts'
import { decide, type Row } from '../../../src/rollout/recovery/decide.ts'
import type { ColorState, World } from '../../../src/rollout/recovery/observation.ts'
import type { Color, Topology } from '../../../src/rollout/topology.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'
import { noGroups } from '../../simulation/world/topologies.ts'

const topology = openOperation.topology
const routesOf = (active: Color, sequence = 1, text = 'ours'): RoutesFile => ({ kind: 'routes', active, generation: 'gen-1', sequence, text })

function container(service: string, state: Container['state'] = 'running', id = service): Container {
  return {
    id, service, state, health: 'healthy', imageId: 'i1', commit: null, address: service, ports: {}, restarts: 0, exitCode: null, startedAt: null,
  }
}

interface Found {
  readonly routes?: RoutesFile
  readonly blue?: ColorState
  readonly green?: ColorState
  readonly containers?: readonly Container[]
  readonly engineFault?: string
}

/** Blue is routed and healthy, green is not there, one bot runs. */
function world({ routes = routesOf('blue'), blue = 'healthy', green = 'absent', containers, engineFault }: Found = {}): World {
  return {
    engineFault: engineFault ?? null, routes, colors: { blue, green }, containers: containers ?? [container('skills-blue'), container('bot')],
  }
}

function record(phase: Phase | null = null): UpdaterRecord {
  const operation: OpenOperation | null = phase === null ? null : { ...openOperation, phase }
  const retired = phase === 'retiring'
  return recordOf({ sequence: 10, operation, activeColor: retired ? 'green' : 'blue' })
}

function rowOf(loaded: LoadedRecord | UpdaterRecord, found: World, more: { traces?: boolean; topology?: Topology } = {}): Row {
  return decide({
    loaded: 'kind' in loaded ? loaded : { kind: 'record', record: loaded },
    world: found,
    topology: more.topology ?? topology,
    traces: more.traces ?? true,
    expectedRoutes: (settled) => (settled.generation === null ? null : 'ours'),
  }).row
}

describe('without a usable record', () => {
  test('R1: written by a newer version, whatever else is found', () => {
    expect(rowOf({ kind: 'newer', schema: 9 }, world({ engineFault: 'gone' }))).toBe(1)
  })
  test('R2: the engine is asked first', () => {
    expect(rowOf({ kind: 'none' }, world({ engineFault: 'gone' }), { traces: false })).toBe(2)
    expect(rowOf({ kind: 'damaged', reason: 'empty' }, world({ engineFault: 'gone' }))).toBe(2)
  })
  test('R3: none, and no trace of ours', () => {
    expect(rowOf({ kind: 'none' }, world({ routes: { kind: 'routes', active: 'blue', generation: null, sequence: null, text: 'plain' } }), { traces: false })).toBe(3)
    expect(rowOf({ kind: 'none' }, world({ routes: { kind: 'missing' } }), { traces: false })).toBe(3)
  })
  test('R4: none, but a history or a number in the routes file', () => {
    expect(rowOf({ kind: 'none' }, world({ routes: { kind: 'missing' } }), { traces: true })).toBe(4)
    expect(rowOf({ kind: 'none' }, world({ routes: routesOf('blue', 3) }), { traces: false })).toBe(4)
  })
  test('R4: damaged', () => {
    expect(rowOf({ kind: 'damaged', reason: 'empty' }, world(), { traces: false })).toBe(4)
  })
})

describe('with a record', () => {
  test.each([null, 'preparing', 'switching', 'swapping', 'retiring'] as const)('R2 and R4 come first (phase %s)', (phase) => {
    expect(rowOf(record(phase), world({ engineFault: 'gone' }))).toBe(2)
    expect(rowOf(record(phase), world({ routes: routesOf('blue', 11) }))).toBe(4)
  })
  test.each([null, 'preparing', 'swapping', 'retiring'] as const)('R5: more than one bot, in whatever state (phase %s)', (phase) => {
    const containers = [container('skills-blue'), container('bot'), container('bot', 'exited', 'bot-2')]
    expect(rowOf(record(phase), world({ containers }))).toBe(5)
  })
  test('the routes file may be as old as the record', () => {
    expect(rowOf(record(), world({ routes: routesOf('blue', 10) }))).toBe(0)
  })
})

describe('with an open operation', () => {
  test('R6: preparing, the old color routed, however it fares', () => {
    for (const blue of ['healthy', 'unhealthy', 'stopped', 'absent'] as const) expect(rowOf(record('preparing'), world({ blue }))).toBe(6)
  })

  test.each<[Phase, ColorState, ColorState, Row]>([
    ['switching', 'healthy', 'healthy', 7],
    ['swapping', 'healthy', 'absent', 7],
    ['swapping', 'stopped', 'healthy', 8],
    ['swapping', 'absent', 'unhealthy', 8],
    ['swapping', 'unhealthy', 'unhealthy', 9],
    ['switching', 'unhealthy', 'stopped', 9],
    ['swapping', 'unhealthy', 'healthy', 10],
  ])('%s, old %s, new %s: R%i', (phase, blue, green, row) => {
    for (const routes of [routesOf('blue'), routesOf('green'), { kind: 'missing' }] as const) expect(rowOf(record(phase), world({ blue, green, routes }))).toBe(row)
  })

  test('preparing with routes that do not serve the old color is judged like a switch', () => {
    expect(rowOf(record('preparing'), world({ routes: { kind: 'missing' } }))).toBe(7)
  })

  test.each<[RoutesFile, ColorState, Row]>([
    [routesOf('green'), 'healthy', 11],
    [routesOf('green'), 'unhealthy', 11],
    [routesOf('blue'), 'healthy', 12],
    [{ kind: 'missing' }, 'healthy', 12],
    [routesOf('blue'), 'stopped', 4],
  ])('retiring, routes %o, target %s: R%i', (routes, green, row) => {
    expect(rowOf(record('retiring'), world({ routes, green }))).toBe(row)
  })

  test('without groups there are no routes to mind', () => {
    const nothingRouted = world({ routes: { kind: 'missing' }, containers: [container('bot')] })
    expect(rowOf(record('preparing'), nothingRouted, { topology: noGroups })).toBe(6)
    expect(rowOf(record('swapping'), nothingRouted, { topology: noGroups })).toBe(7)
    expect(rowOf(record('retiring'), nothingRouted, { topology: noGroups })).toBe(11)
    expect(rowOf(record(), nothingRouted, { topology: noGroups })).toBe(0)
  })
})

describe('when idle', () => {
  test('nothing to do', () => {
    expect(rowOf(record(), world())).toBe(0)
  })
  test('R13: our color in another text, or still in the predecessor\'s', () => {
    expect(rowOf(record(), world({ routes: routesOf('blue', 1, 'edited') }))).toBe(13)
    expect(rowOf({ ...record(), generation: null }, world())).toBe(13)
  })
  test('R14: the other color, healthy', () => {
    expect(rowOf(record(), world({ routes: routesOf('green'), green: 'healthy' }))).toBe(14)
  })
  test.each<[RoutesFile, ColorState]>([
    [{ kind: 'missing' }, 'healthy'], [{ kind: 'unreadable', reason: 'no YAML' }, 'healthy'],
    [routesOf('green'), 'unhealthy'], [routesOf('green'), 'stopped'], [routesOf('green'), 'absent'],
  ])('R15: routes %o, other color %s', (routes, green) => {
    expect(rowOf(record(), world({ routes, green }))).toBe(15)
  })
  test.each<readonly Container[][]>([
    [[container('skills-blue')]],
    [[container('skills-blue', 'exited'), container('bot')]],
    [[container('skills-blue'), container('bot', 'created')]],
    [[container('bot')]],
  ])('R16: something that serves does not run', (containers) => {
    expect(rowOf(record(), world({ containers }))).toBe(16)
  })
  test('R17: the standby runs; a stopped one may lie there', () => {
    const with_ = (state: Container['state']) => world({ containers: [container('skills-blue'), container('bot'), container('skills-green', state)] })
    expect(rowOf(record(), with_('running'))).toBe(17)
    expect(rowOf(record(), with_('restarting'))).toBe(17)
    expect(rowOf(record(), with_('exited'))).toBe(0)
  })
  test('the routes are mended before anything is started', () => {
    expect(rowOf(record(), world({ routes: { kind: 'missing' }, containers: [] }))).toBe(15)
  })
})

test('every decision says why, in a sentence', () => {
  const { why } = decide({ loaded: { kind: 'none' }, world: world({ engineFault: 'connect ENOENT' }), topology, traces: false, expectedRoutes: () => null })
  expect(why).toBe('The engine does not answer: connect ENOENT')
})
