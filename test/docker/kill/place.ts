import { readSeenRoutes } from '../../kill/observer/routes-file.ts'
import type { SeenState } from '../../kill/observer/state-file.ts'
import type { Wire } from '../../kill/tripwire/tripwire.ts'
import { followEvents, seenContainers, type SeenContainer } from './engine-look.ts'
import type { HurtStack } from './hurt-stack.ts'
import { placeOf, seenRecord } from './record-look.ts'

/** Where in an operation the updater is killed. */
export type Place = WrittenPlace | RoutesPlace | CallPlace | EventPlace | Instant

/** Right before or right after the how-manieth write of the record since the operation was asked for, or since the start; 1 is the first. */
export interface WrittenPlace {
  readonly kind: 'write'
  readonly number: number
  readonly side: Wire['side']
}

/** Right before or right after the first rename of the routes file. */
interface RoutesPlace {
  readonly kind: 'routes'
  readonly side: Wire['side']
}

/** Right before it tells the engine to stop or remove the bot that ran, or right after the engine's answer. */
interface CallPlace {
  readonly kind: 'call'
  readonly call: 'stop' | 'remove'
  readonly side: Wire['side']
}

/** At what the engine tells of the new bot; Compose makes and starts it, a process of its own, so nothing more exact is there. */
interface EventPlace {
  readonly kind: 'event'
  readonly action: 'create' | 'start'
}

/** So many ms after the operation was asked for. */
interface Instant {
  readonly kind: 'instant'
  readonly milliseconds: number
}

/** What lies there, as far as a kill's place can be told by it. */
export interface World {
  readonly record: SeenState
  /** Text of the routes file. */
  readonly routes: string
  /** Containers of the bot in whatever state. */
  readonly bots: readonly SeenContainer[]
}

const bot = 'zetherion-ai-bot'

export const stateFile = /\/updater-state\.json$/

export async function seenWorld({ stack, engine }: HurtStack): Promise<World> {
  const [record, routes, containers] = await Promise.all([seenRecord(stack.project.state), stack.routes(), seenContainers(engine.socketPath)])
  return { record, routes, bots: containers.filter(({ service }) => service === bot) }
}

/** The wire over an exact place; null for one that can only be hit from outside. @param before where the operation begins */
export function wireOf(place: Place, before: World): Omit<Wire, 'signal'> | null {
  switch (place.kind) {
    case 'write':
      return { to: stateFile, number: place.number, side: place.side }
    case 'routes':
      return { to: /\/updater-routes\.yml$/, number: 1, side: place.side }
    case 'call': {
      const id = before.bots[0]?.id ?? 'none'
      return { to: place.call === 'stop' ? new RegExp(`^POST .*/${id}/stop`) : new RegExp(`^DELETE .*/${id}`), number: 1, side: place.side }
    }
    default:
      return null
  }
}

/** Follows the operation from outside, for a place that has no wire. Settles when it is reached. */
export async function followTo(place: EventPlace | Instant, socketPath: string): Promise<{ readonly reached: Promise<void>; end(): void }> {
  if (place.kind === 'instant') {
    let timer: NodeJS.Timeout | undefined
    const reached = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, place.milliseconds)
    })
    return { reached, end: () => clearTimeout(timer) }
  }
  let tell = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    tell = resolve
  })
  const events = followEvents(socketPath, ({ service, action }) => {
    if (service === bot && action === place.action) tell()
  })
  await events.open
  return { reached, end: () => events.end() }
}

/** What is wrong about where a kill left things: it has to be exactly where it was ordered. Empty when it is. */
export function wrongLanding(place: Place, before: World, left: World): string[] {
  const at = placeOf(left.record)
  const inStep = (phase: string, step: string): string[] => (left.record.operation?.phase === phase && left.record.operation.step === step ? [] : [`the kill came at ${at}, it should have come in ${step}`])
  switch (place.kind) {
    case 'write': {
      const wanted = before.record.sequence + place.number - (place.side === 'before' ? 1 : 0)
      return left.record.sequence === wanted ? [] : [`the kill left ${at}, it should have left record ${wanted}`]
    }
    case 'routes': {
      const [was, is] = [readSeenRoutes(before.routes).color, readSeenRoutes(left.routes).color]
      const replaced = was !== is
      return [...inStep('switching', 'route_switch'), ...(replaced === (place.side === 'after') ? [] : [`the kill left routes to ${is}, ${place.side} those to ${was} are replaced`])]
    }
    case 'call': {
      const seen = left.bots.map(({ id, state }) => (before.bots.some((one) => one.id === id) ? state : 'new'))
      const wanted = place.call === 'stop' && place.side === 'before' ? ['running'] : place.call === 'remove' && place.side === 'after' ? [] : ['exited']
      return [...inStep('swapping', 'restart_bot'), ...(seen.join() === wanted.join() ? [] : [`the kill left the bot ${seen.join(', ') || 'removed'} instead of ${wanted.join() || 'removed'}`])]
    }
    case 'event': {
      const fresh = left.bots.filter(({ id }) => before.bots.every((one) => one.id !== id))
      return [...(left.record.operation?.phase === 'swapping' ? [] : [`the kill came at ${at}, it should have come in swapping`]), ...(fresh.length === 1 && left.bots.length === 1 ? [] : ['the kill left no new bot, or an old one'])]
    }
    case 'instant':
      return []
  }
}
