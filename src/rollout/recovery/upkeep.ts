import type { Context } from '../context.ts'
import { act } from '../engine.ts'
import { isLost, sentenceOf } from '../errors.ts'
import type { Container } from '../model.ts'
import { otherColor, servicesOf, singletonServices, type Topology } from '../topology.ts'
import { isAdopted } from './adoption.ts'
import { containersOf, fallen, recreated } from './decide.ts'
import type { World } from './observation.ts'
import { failedOnceMore, mayStart, noTries, startableIn, type Patience } from './patience.ts'
import { startServices, stopStandby, uncreatable } from './repairs.ts'

/** What is left for later. */
export interface Rest {
  /** What there is to say beyond the decision's own sentence; null: nothing. */
  readonly told: string | null
  /** After how many ms another look is worth while; null: at the next one. */
  readonly againIn: number | null
}

export const enough: Rest = { told: null, againIn: null }

/** When idle, an operator's `docker compose up -d` gets a minute to finish what it replaces: removing or starting one of the two would break it. */
export function isLeftToCompose(context: Context, world: World, topology: Topology, patience: Patience): boolean {
  if (context.journal.record.operation !== null || recreated(world, topology).length === 0) {
    patience.recreatedSince = null
    return false
  }
  const now = context.ports.clock.monotonic()
  patience.recreatedSince ??= now
  return now - patience.recreatedSince < context.settings.policy.standbyGrace
}

/**
 * R16: what should run and does not is started, a few times. Who stops, restarts or recreates something by hand is not
 * raced: a service must have been down for a while, and nothing about it have changed meanwhile.
 * @param hurry somebody waits for an operation: what is down is started now
 */
export async function startFallen(context: Context, world: World, topology: Topology, patience: Patience, hurry: boolean): Promise<'again' | Rest> {
  const { fallenGrace, restarts, restartWindow } = context.settings.policy
  const graceOf = (service: string): number => (isAwaiting(world, service) ? composeWaits : fallenGrace)
  const { activeColor, active } = context.journal.record
  const now = context.ports.clock.monotonic()
  const down = fallen(world, topology, activeColor)
  patience.fallen = new Map(down.map((service) => [service, seenAs(world, service, patience, now)]))
  const ripe = hurry ? down : down.filter((service) => now - (patience.fallen.get(service)?.since ?? now) >= graceOf(service))
  if (ripe.length === 0) return { told: null, againIn: fallenGrace }
  const stuck = await uncreatable(context, world, active, ripe)
  const told = sentences(...stuck.errors.map(sentenceOf))
  const able = ripe.filter((service) => !stuck.services.includes(service))
  if (able.length === 0) return { told, againIn: null }
  const due = hurry ? able : able.filter((service) => startableIn(patience, service, now) <= 0)
  if (due.length === 0) return { told: sentences(patience.notStarted, told), againIn: Math.min(...able.map((service) => startableIn(patience, service, now))) }
  const started = mayStart(patience.starts, due, now, restarts, restartWindow)
  if (started.length === 0) {
    const worn = `${due.join(', ')} was started ${restarts} times and did not stay up; look at its log. It is tried again within ${restartWindow / 60_000} min.`
    return { told: sentences(worn, patience.notStarted, told), againIn: null }
  }
  context.ports.log.warn(`${started.join(', ')} is started again.`)
  try {
    await startServices(context, world, active, started)
    patience.notStarted = null
  } catch (error) {
    patience.notStarted = sentenceOf(error)
    // The operation that somebody waits for may be what mends it, such as after a service was renamed.
    if (!hurry || context.signal.aborted || isLost(error)) throw error
    return { told: sentenceOf(error), againIn: null }
  }
  return 'again'
}

function sentences(...parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null)
  return said.length === 0 ? null : said.join(' ')
}

/** R17: a standby that nobody routes ends after a while. One that cannot be stopped is told, tried again ever more slowly, and stands in nobody's way. */
export async function stopIdleStandby(context: Context, world: World, topology: Topology, patience: Patience): Promise<'again' | Rest> {
  const now = context.ports.clock.monotonic()
  patience.standbySince ??= now
  const left = patience.standbySince + context.settings.policy.standbyGrace - now
  if (left > 0) return { told: null, againIn: left }
  const { notBefore, why } = patience.standbyStops
  if (now < notBefore) return { told: why, againIn: null }
  try {
    await stopStandby(context, world, topology)
  } catch (error) {
    if (context.signal.aborted || isLost(error)) throw error
    const sentence = `It could not be stopped (${sentenceOf(error)}) and is tried again, ever more slowly; nothing is routed to it.`
    patience.standbyStops = failedOnceMore(patience.standbyStops, sentence, context.ports.clock.monotonic(), firstPause, longestPause)
    context.ports.log.warn(`The standby ${otherColor(context.journal.record.activeColor)}: ${sentence}`)
    return { told: sentence, againIn: null }
  }
  patience.standbySince = null
  patience.standbyStops = noTries
  return 'again'
}

/**
 * A tag call of an undone rollout may land after its undo (fault 23): then an operator's `docker compose up -d` would
 * take what does not run. Looked for now and then, since nothing tells of it. Best effort: it is looked for again.
 */
export async function pointTagsBack(context: Context, world: World, topology: Topology, patience: Patience): Promise<void> {
  const { clock, log, runtime } = context.ports
  const { active, activeColor } = context.journal.record
  const now = clock.monotonic()
  if (patience.tagsLookedAt !== null && now - patience.tagsLookedAt < tagsEvery) return
  patience.tagsLookedAt = now
  const services = [...servicesOf(topology, activeColor), ...singletonServices(topology)].filter((service) => containersOf(world, service).every(isOfActive))
  try {
    const astray = await act(context, 'Looking at the moving tags', (signal) => runtime.mistagged(active, services, signal))
    if (astray.length === 0) return
    log.warn(`The image tags of ${astray.join(', ')} did not point at ${active.tag}, which runs; they are moved back.`)
    await act(context, 'Tagging images', (signal) => runtime.tag(active, astray, signal))
  } catch (error) {
    if (context.signal.aborted || isLost(error)) throw error
    log.warn('The moving tags could not be compared with what runs; it is tried again.', { error: sentenceOf(error) })
  }

  /** After the traffic was moved by hand a singleton may be another release's (R14): its tag belongs to it. */
  function isOfActive({ commit }: Container): boolean {
    return commit === active.commit || (commit === null && isAdopted(active))
  }
}

const firstPause = 60_000
const longestPause = 10 * 60_000

/** Between two comparisons of the moving tags with what runs, ms. */
const tagsEvery = 60_000

/** An operator's `docker compose up -d` has made it and starts it as soon as what it depends on is ready; before, it could not work. */
function isAwaiting(world: World, service: string): boolean {
  return containersOf(world, service).some(({ awaits = [] }) => awaits.length > 0)
}

/** After that Compose has given up, or was killed, ms. */
const composeWaits = 3 * 60_000

/** Since when a service is down as it is now: a container that was removed or replaced meanwhile is somebody's work. */
function seenAs(world: World, service: string, patience: Patience, now: number): { seen: string; since: number } {
  const seen = containersOf(world, service).map(({ id, state }) => `${id} ${state}`).join(', ')
  const earlier = patience.fallen.get(service)
  return earlier?.seen === seen ? earlier : { seen, since: now }
}
