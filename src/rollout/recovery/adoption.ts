import { failureOf, withHold, withRequestedPause } from '../consequences.ts'
import type { Reach } from '../context.ts'
import { UpdaterError } from '../errors.ts'
import type { Change } from '../journal.ts'
import type { Policy } from '../limits.ts'
import type { Hold, OpenOperation, PredecessorState, Release, UpdaterRecord } from '../model.ts'
import { colors, servicesOf, singletonServices, type Color, type Topology } from '../topology.ts'
import { act } from '../engine.ts'
import { served, sequenceOf } from './decide.ts'
import type { World } from './observation.ts'

/** Why a stack cannot be taken over yet, in a sentence; null when it can. */
export function notYetAdoptable(world: World, topology: Topology): string | null {
  const color = served(world.routes) ?? 'blue'
  const wanted = [...servicesOf(topology, color), ...singletonServices(topology)]
  const missing = wanted.filter((service) => !world.containers.some((container) => container.service === service))
  return missing.length === 0 ? null : `Waiting for the stack: there is no container of ${missing.join(', ')} yet. Start it with \`docker compose up -d\`.`
}

/** What was made of a stack that was found running. */
export type Adopted = Pick<UpdaterRecord, 'sequence' | 'activeColor' | 'active' | 'generation'>

/**
 * Makes a release of what runs (R3, R4, R14): with its images and compose files kept it can be restarted and rolled back
 * to like any other.
 */
export async function adoptStack(context: Reach, earlier: PredecessorState | null, world: World): Promise<Adopted> {
  const { topology } = context.settings
  const activeColor = colorToAdopt(world)
  const services = [...servicesOf(topology, activeColor), ...singletonServices(topology)]
  const containers = world.containers.filter(({ service }) => services.includes(service))
  const told = await act(context, 'Reading images', (signal) => context.ports.runtime.identify(containers, signal))
  const active: Release = {
    tag: earlier?.lastGoodTag ?? (told.version === null ? 'adopted' : `v${told.version.replace(/^v/, '')}`),
    version: told.version ?? 'unknown',
    commit: told.commit ?? `adopted-${context.ports.random.token()}`,
  }
  await act(context, 'Taking over what runs', (signal) => context.ports.runtime.adopt(active, containers, signal))
  const live = world.routes
  return {
    sequence: sequenceOf(live),
    activeColor,
    active,
    generation: live.kind === 'routes' && live.active === activeColor ? live.generation : null,
  }
}

/** The first record over what was adopted. */
export function firstRecord(adopted: Adopted, earlier: PredecessorState | null, hold: Hold | null): UpdaterRecord {
  const { holds, ...rest } = freshRecord(earlier)
  // The predecessor knew its last good release by tag alone; what serves is what it last called good.
  const lastGood = earlier?.lastGoodTag === adopted.active.tag ? adopted.active : null
  return { ...rest, ...adopted, lastGood, holds: hold === null ? holds : [...holds, hold] }
}

/**
 * An earlier daemon's record under this one's epoch. An operation that it left open is counted in the same write, unless it
 * was left by a clean stop (fault 43). What ends the updater again and again holds rollouts, while the operation is undone
 * or finished all the same (fault 9).
 */
export function withNextEpoch(policy: Policy, at: string): Change {
  return (record) => {
    const next = { ...record, epoch: record.epoch + 1 }
    if (record.operation === null) return next
    const operation = foundOpen(record.operation)
    const { interruptions, kind, target } = operation
    if (interruptions < policy.surroundingsBeforePause) return { ...next, operation }
    const reason = `The updater ended at least ${policy.surroundingsBeforePause} times in the middle of ${kind} ${target.tag}; find out from its log and the engine's what ends it.`
    return { ...next, operation, holds: withHold(record.holds, { reason, origin: 'recovery', since: at }) }
  }
}

function foundOpen(operation: OpenOperation): OpenOperation {
  if (!operation.stoppedCleanly) return { ...operation, interruptions: operation.interruptions + 1 }
  const left = failureOf(new UpdaterError('shutting_down', 'The updater was stopped while it ran; what was begun was undone.'), operation.step)
  // A cause that came before the stop is the one to tell; of the stop itself nobody is told as if it were still going on.
  const cause = operation.failure === null || operation.failure.code === 'shutting_down' ? left : operation.failure
  // After the commit point it is finished: nothing turns round.
  return { ...operation, stoppedCleanly: false, failure: operation.phase === 'retiring' ? null : cause }
}

/** What was adopted, in the place of what the record says; an open operation ends by it, undone or not. */
export function withAdopted(adopted: Adopted, hold: Hold): Change {
  return (record) => ({
    ...record,
    ...adopted,
    sequence: Math.max(record.sequence, adopted.sequence),
    operation: null,
    holds: withHold(record.operation === null ? record.holds : withRequestedPause(record.holds, record.operation, hold.since), hold),
  })
}

/** The routed color if it is healthy, else a healthy one, else the routed one: nothing is moved on a guess. */
function colorToAdopt(world: World): Color {
  const routed = served(world.routes)
  if (routed !== null && world.colors[routed] === 'healthy') return routed
  return colors.find((color) => world.colors[color] === 'healthy') ?? routed ?? 'blue'
}

function freshRecord(earlier: PredecessorState | null): Omit<UpdaterRecord, keyof Adopted | 'lastGood'> {
  return {
    epoch: 0,
    previous: [],
    operation: null,
    holds: earlier?.paused === true ? [{ reason: earlier.pauseReason ?? 'paused before the updater was replaced', origin: 'operator', since: earlier.lastFailureAt ?? new Date(0).toISOString() }] : [],
    maintenance: null,
    topology: null,
    quarantine: [],
    knownTags: {},
    failuresInARow: 0,
    lastBuildBytes: 0,
    lastResult: null,
    lastCheckedAt: earlier?.lastCheckedAt ?? null,
    lastAttemptedTag: earlier?.lastAttemptedTag ?? null,
    lastSuccessAt: earlier?.lastSuccessAt ?? null,
    lastFailureAt: earlier?.lastFailureAt ?? null,
    resumedAt: earlier?.resumedAt ?? null,
    unknownKeys: earlier?.unknownKeys ?? {},
  }
}
