import type { Ports, Reach } from '../../../src/rollout/context.ts'
import { defaultGates, defaultLimits, defaultPolicy } from '../../../src/rollout/limits.ts'
import type { Container, ProbeAnswer, RoutesFile } from '../../../src/rollout/model.ts'
import type { World } from '../../../src/rollout/recovery/observation.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'

/** One group `skills` and a bot, as the records of the contract suites have it. */
const { topology } = openOperation
const now = Date.parse('2026-11-02T00:00:00.000Z')
/** At rest: blue serves v1.0.0. */
export const settled = recordOf({ sequence: 10 })

export const routes: RoutesFile & { kind: 'routes' } = { kind: 'routes', active: 'blue', generation: 'gen-1', sequence: 10, text: 'ours' }

export function container(service: string, changes: Partial<Container> = {}): Container {
  return {
    id: service, service, state: 'running', health: 'healthy', imageId: 'i1', commit: settled.active.commit, address: service, ports: {}, restarts: 0, exitCode: null, startedAt: null, ...changes,
  }
}

/** Blue is routed and healthy, green is stopped, one bot runs. */
export function worldOf(changes: Partial<World> = {}): World {
  return {
    engineFault: null, routes, colors: { blue: 'healthy', green: 'stopped' },
    containers: [container('skills-blue'), container('skills-green', { state: 'exited' }), container('bot')],
    ...changes,
  }
}

export const healthy: ProbeAnswer = { healthy: true, status: 200, stamp: 'gen-1', detail: '200 OK' }

type Modelled = { readonly [Port in keyof Ports]?: Partial<Ports[Port]> }

/** An outside that has only what a test says; everything else throws. */
export function reachOf(modelled: Modelled = {}): Reach {
  const unmodelled = (what: string) => (): never => {
    throw new Error(`the test did not model ${what}`)
  }
  const { signal } = new AbortController()
  return {
    settings: { topology, limits: defaultLimits, gates: { ...defaultGates, quickest: 1, slowest: 2 }, policy: defaultPolicy },
    signal,
    effects: signal,
    ports: {
      source: {
        listTags: unmodelled('listTags'), fetch: unmodelled('fetch'), has: unmodelled('has'), checkout: unmodelled('checkout'), describeTree: unmodelled('describeTree'),
        treeDistance: unmodelled('treeDistance'), treeConflicts: unmodelled('treeConflicts'), bringTree: unmodelled('bringTree'), prune: unmodelled('prune'), ...modelled.source,
      },
      runtime: {
        containers: unmodelled('containers'), follow: unmodelled('follow'), preflight: unmodelled('preflight'), build: unmodelled('build'), missingImages: unmodelled('missingImages'),
        mistagged: unmodelled('mistagged'), tag: unmodelled('tag'), up: unmodelled('up'), start: unmodelled('start'), stop: unmodelled('stop'), remove: unmodelled('remove'), logs: unmodelled('logs'),
        keepImage: unmodelled('keepImage'), restoreKept: unmodelled('restoreKept'), identify: unmodelled('identify'), adopt: unmodelled('adopt'), prune: unmodelled('prune'), ...modelled.runtime,
      },
      router: {
        read: async () => routes, render: () => 'ours', stage: unmodelled('stage'), activate: unmodelled('activate'), sweep: unmodelled('sweep'), keepCopy: unmodelled('keepCopy'), ...modelled.router,
      },
      probe: { direct: unmodelled('direct'), preview: async () => healthy, routed: async () => healthy, ...modelled.probe },
      history: { append: unmodelled('append'), entries: async () => [], ...modelled.history },
      clock: { now: () => now, monotonic: () => 0, sleep: async () => undefined, ...modelled.clock },
      random: { token: unmodelled('token'), ...modelled.random },
      authority: { check: unmodelled('check'), ...modelled.authority },
      log: { info: unmodelled('info'), warn: unmodelled('warn'), error: unmodelled('error'), ...modelled.log },
    },
  }
}
