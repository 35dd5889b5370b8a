import { failureOf, withHold, withRequestedPause } from '../consequences.ts'
import type { Reach } from '../context.ts'
import { UpdaterError, asSentence } from '../errors.ts'
import type { Change } from '../journal.ts'
import type { Policy } from '../limits.ts'
import type { Hold, OpenOperation, PredecessorState, Release, UpdaterRecord } from '../model.ts'
import { colors, servicesOf, singletonServices, type Color, type Topology } from '../topology.ts'
import { act } from '../engine.ts'
import { containersOf, served, sequenceOf } from './decide.ts'
import type { World } from './observation.ts'

/**
 * Why a stack cannot be taken over yet, in a sentence; null when it can. At a first start Compose may still be bringing it
 * up: it is waited for whole. Where the updater was at work before (R4), what is missing is made again (R16), unless
 * nothing is left that tells of what.
 */
export function notYetAdoptable(world: World, topology: Topology, isFirstStart: boolean): string | null {
  if (!isFirstStart && world.containers.length > 0) return null
  const missing = absentServices(world, topology, served(world.routes) ?? 'blue')
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
  const activeColor = colorToAdopt(world, topology)
  const services = [...servicesOf(topology, activeColor), ...singletonServices(topology)]
  const containers = world.containers.filter(({ service }) => services.includes(service))
  const told = await act(context, 'Reading images', (signal) => context.ports.runtime.identify(containers, signal))
  const active: Release = {
    tag: earlier?.lastGoodTag ?? (told.version === null ? 'adopted' : `v${told.version.replace(/^v/, '')}`),
    version: told.version ?? 'unknown',
    commit: told.commit ?? `adopted-${context.ports.random.token()}`,
  }
  await act(context, 'Taking over what runs', (signal) =>
    context.ports.runtime.adopt(active, containers, absentServices(world, topology, activeColor), signal))
  const live = world.routes
  return {
    sequence: sequenceOf(live),
    activeColor,
    active,
    generation: live.kind === 'routes' && live.active === activeColor ? live.generation : null,
  }
}

/** Found running, its images without a commit of their own. */
export function isAdopted({ commit }: Release): boolean {
  return commit.startsWith('adopted-')
}

/** Why rollouts are held after an adoption, and what is made again of what (R16): who reads it knows more of it than the updater can. */
export function holdReason(why: string, { activeColor, active }: Adopted, world: World, topology: Topology): string {
  const absent = absentServices(world, topology, activeColor)
  if (absent.length === 0) return why
  const again = absent.length === 1 ? 'it is made again' : 'they are made again'
  const source = isAdopted(active) ? 'of the images that their tags name; of which release these are cannot be known' : `of ${active.tag}, like the rest`
  return `${asSentence(why)} There was no container of ${absent.join(', ')}: ${again} ${source}.`
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

/** Why the predecessor was paused. */
export function pausedBefore({ pauseReason }: PredecessorState): string {
  return pauseReason ?? 'paused before the updater was replaced'
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

/** The routed color if it is healthy, else a healthy one, else the routed one: nothing is moved on a guess. Where nothing tells the routed one, one that is there. */
function colorToAdopt(world: World, topology: Topology): Color {
  const routed = served(world.routes)
  if (routed !== null && world.colors[routed] === 'healthy') return routed
  const isThere = (color: Color): boolean => servicesOf(topology, color).some((service) => containersOf(world, service).length > 0)
  return colors.find((color) => world.colors[color] === 'healthy') ?? routed ?? colors.find(isThere) ?? 'blue'
}

/** What serves with this color and has no container. */
function absentServices(world: World, topology: Topology, color: Color): string[] {
  return [...servicesOf(topology, color), ...singletonServices(topology)].filter((service) => containersOf(world, service).length === 0)
}

function freshRecord(earlier: PredecessorState | null): Omit<UpdaterRecord, keyof Adopted | 'lastGood'> {
  return {
    epoch: 0,
    previous: [],
    operation: null,
    holds: earlier?.paused === true ? [{ reason: pausedBefore(earlier), origin: 'operator', since: earlier.lastFailureAt ?? new Date(0).toISOString() }] : [],
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
