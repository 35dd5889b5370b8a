import type { RolloutEvent } from '../../../../src/updater/service.ts'
import { noGroups, noSingletons, twoOfEach, usual } from '../../world/topologies.ts'
import { tell } from '../../world/effects.ts'
import { leaveReserve } from '../../world/state-directory.ts'
import { World, type Daemon } from '../../world/world.ts'
import { comeToRest, upgrade } from './coming-to-rest.ts'
import { Hits } from './hits.ts'
import { marksOf } from './marks.ts'
import { make, type Stage } from './moves.ts'
import type { Schedule, Setting, Wait } from './schedule.ts'
import { moveInWords, settingInWords } from './words.ts'

/** How a schedule went. */
export interface Played {
  /** What happened, in order, in words. */
  readonly story: readonly string[]
  /** What was reached. */
  readonly marks: ReadonlySet<string>
  /** Which rule was broken, or what did not come to rest, with the last effects and log lines; null when nothing. */
  readonly broken: string | null
  /** Every effect, log line and answer, and the end: the same for the same schedule. */
  log(): string[]
}

/** Breaks a rule of the world before it begins: what the campaign must then find. */
export type Plant = (world: World) => void

/** Longest that a turn waits, virtual ms. */
const longestWait = 150_000
const topologies = { usual, noGroups, noSingletons, twoOfEach } as const

/** Plays a schedule to its end, switches all faults off and requires that everything comes to rest. Never rejects. */
export async function play(schedule: Schedule, plant?: Plant): Promise<Played> {
  const { setting } = schedule
  const world = worldOf(setting)
  const story: string[] = [`${settingInWords(setting)}.`]
  const heard: string[] = []
  const daemons: Daemon[] = []
  const marks = new Set<string>()
  const hits = new Hits(world, (sentence, kind) => {
    story.push(sentence)
    marks.add(`fault: ${kind}`)
  })
  plant?.(world)
  const stage: Stage & Lives = {
    world, hits, mend: new Set(), pruned: new Map(), daemons, restartsAfter: setting.restartsAfter, revivedAfter: null,
    takeOver: () => boot(stage),
    logs: () => daemons.flatMap(({ logged }) => logged),
    heard: (what) => heard.push(`${world.time.now}: ${what}`),
    broken: (what) => world.stack.violations.push(what),
  }

  let broken: string | null = null
  try {
    boot(stage)
    await waitFor(stage, () => world.stack.record !== null)
    world.time.lag = lagOf(schedule.lags)
    for (const { wait, move } of schedule.turns) {
      await waitFor(stage, arrival(stage, wait))
      marks.add(`move: ${move.do}`)
      if (move.do !== 'fault' && move.do !== 'stale answer') story.push(moveInWords(move, setting))
      await make(stage, move)
    }
    // What was begun goes on with what may still hit it.
    await waitFor(stage, arrival(stage, { for: 'idle' }), longestWait)
    await waitFor(stage, () => false, 1_000)
    const wait = (condition: () => boolean, limit?: number): Promise<void> => waitFor(stage, condition, limit)
    await comeToRest(stage, wait)
    if (setting.upgradesAtTheEnd) await upgrade(stage, wait)
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error)
  }
  for (const mark of marksOf(world, daemons)) marks.add(mark)
  return {
    story, marks, broken,
    log: () => [...world.stack.effects.done.map(tell), ...daemons.flatMap(({ logged }) => logged), ...heard, ...story, JSON.stringify(world.stack.record), broken ?? 'all well'],
  }
}

/** The daemons of one world, one after the other. */
interface Lives {
  readonly daemons: Daemon[]
  readonly restartsAfter: number
  /** Power cuts before the next daemon was sent for; null when none is on its way. */
  revivedAfter: number | null
}

function worldOf({ topology, kinds: [first, second], labelled, color, previews, healthCheckOfSingletons, pauseOnFailure }: Setting): World {
  const world = new World({ topology: topologies[topology], releases: { 'v1.1.0': first, 'v1.2.0': second }, labelled, color, policy: { pauseOnFailure } })
  world.stack.hasPreviews = previews
  world.stack.engine.singletonsHaveHealthCheck = healthCheckOfSingletons
  // An installation takes it once; here that would only draw the faults of files to itself.
  leaveReserve(world.stack.disk)
  return world
}

/** A new daemon; moves may come while it recovers. */
function boot(stage: Stage & Lives): void {
  stage.revivedAfter = null
  const daemon = stage.world.boot()
  stage.daemons.push(daemon)
  daemon.updater.start().catch((error: unknown) => stage.broken(`a daemon could not start: ${String(error)}`))
}

/** The engine starts a daemon that died again, after a while. */
function revive(stage: Stage & Lives): void {
  const { cuts } = stage.world.stack
  // A power cut makes everything forget what it waited for.
  if (!stage.world.daemon.life.dead || stage.revivedAfter === cuts) return
  stage.revivedAfter = cuts
  stage.world.time.after(stage.restartsAfter, () => boot(stage))
}

/** Lets time pass until this is so, but not longer than a limit. */
async function waitFor(stage: Stage & Lives, condition: () => boolean, limit = longestWait): Promise<void> {
  const { time, stack } = stage.world
  const end = time.now + limit
  const isOver = (): boolean => time.now >= end || condition()
  do {
    const { cuts } = stack
    const takeBack = time.after(end - time.now, () => undefined)
    await stage.world.until('nothing', () => {
      revive(stage)
      return isOver() || stack.cuts > cuts
    })
    takeBack()
  } while (!isOver())
}

function arrival({ world, hits, daemons }: Stage & Lives, wait: Wait): () => boolean {
  const idle = (): boolean => !world.daemon.life.dead && world.updater.status().state === 'idle'
  switch (wait.for) {
    case 'nothing':
      return () => true
    case 'effects': {
      const wanted = hits.count + wait.count
      return () => hits.count >= wanted
    }
    case 'time': {
      const at = world.time.now + wait.milliseconds
      world.time.after(wait.milliseconds, () => undefined) // so that it is not passed by
      return () => world.time.now >= at
    }
    case 'phase': {
      const seen = new Map(daemons.map((daemon) => [daemon, daemon.events.length]))
      const isAwaited = ({ kind, message }: RolloutEvent): boolean => (wait.phase === 'undo' ? kind === 'undo_started' : kind === 'phase' && message === wait.phase)
      // What is over without it is not waited for.
      return () => idle() || daemons.some((daemon) => hasNew(daemon, seen, isAwaited))
    }
    case 'idle':
      return idle
  }
}

/** Whether there is such an event among those that were not seen yet. One that is there stays so. */
function hasNew(daemon: Daemon, seen: Map<Daemon, number>, isAwaited: (event: RolloutEvent) => boolean): boolean {
  const { events } = daemon
  const first = seen.get(daemon) ?? 0
  if (first === events.length) return false
  if (events.slice(first).some(isAwaited)) return true
  seen.set(daemon, events.length)
  return false
}

/** The lags one after the other, again and again. */
function lagOf(lags: readonly number[]): () => number {
  if (lags.length === 0) return () => 0
  let next = 0
  return () => lags[next++ % lags.length] ?? 0
}
