import { leftOver, looksForLeftovers, unsettled } from '../at-rest.ts'
import { faults, stale, tell, type Asking, type Effect, type Interference } from '../world/effects.ts'
import { leastSurvives, powerCutOnce } from '../world/power-cut.ts'
import { watchInterval, type Daemon, type World } from '../world/world.ts'
import { isDeath, type Ending, type Fault, type Kind, type Level, type Scenario, type Strike, type Told } from './scenarios.ts'

/** Looks of the watch within which everything has come to rest once the last fault is over (fault 8: with backoff, uncapped). */
const looks = 40
/** More daemons than any two faults can end. */
const lives = 8

/** What a campaign looks at while a scenario is played. */
export interface Onlooker {
  /** An effect of a port is asked for, before any fault strikes it. @returns 'enough' when it is known how it goes on */
  asked?(playing: Playing, effect: Effect): 'enough' | undefined
  struck?(playing: Playing, strike: Strike): void
  ended?(playing: Playing): void
}

/** A scenario that is being played. */
export interface Playing {
  readonly scenario: Scenario
  readonly world: World
  readonly strikes: readonly Strike[]
  /** Every daemon so far. */
  readonly daemons: readonly Daemon[]
  /** What the daemon that lives asked for since its last write of the record, and how it went. */
  readonly lately: readonly string[]
  /** Faults that are not over yet: the effect may still be waited for, or still come, or end in the fault while another one is asked for beside it. */
  readonly open: readonly Strike[]
}

/** What came of it. */
export interface Played {
  /** How many of each level there were. */
  readonly counts: Readonly<Record<Level, number>>
  readonly effects: readonly Effect[]
  readonly files: readonly Effect[]
  /** What broke, with the story; null when every rule held and all came to rest where it should. */
  readonly broken: string | null
}

/** Plays a scenario with these faults, each of which strikes once, to the point where all is at rest. */
export async function play(scenario: Scenario, planned: readonly Fault[], onlooker: Onlooker = {}): Promise<Played> {
  const world = await scenario.begin()
  const strikes: Strike[] = []
  const playing = new Progress(scenario, world, strikes)
  const { effects } = world.stack
  const first = { effect: effects.done.length, file: effects.files.length, question: effects.questions }

  const interfere = (level: Level): Interference => (effect, run, daemon) => {
    if (level === 'effect') {
      noteDaemon(playing)
      if (onlooker.asked?.(playing, effect) === 'enough') playing.isEnough = true
    }
    if (playing.isEnough) {
      world.daemon.life.end()
      return new Promise(() => undefined)
    }
    const fault = planned.find((one) => one.level === level && one.at === effect.index - first[level])
    if (fault === undefined) return remembering(playing, level, effect, run())
    const strike = { fault, effect, durable: world.stack.record }
    strikes.push(strike)
    onlooker.struck?.(playing, strike)
    return remembering(playing, level, effect, playing.untilOver(strike, daemon, interferenceOf(fault.kind, world)(effect, run, daemon)))
  }
  effects.interference = interfere('effect')
  effects.fileInterference = interfere('file')
  effects.questionInterference = interfere('question')

  let broken: string | null = null
  try {
    const told = await scenario.act(world)
    await restUntilSettled(playing)
    broken = playing.isEnough ? null : endsWrongly(scenario, world, strikes, told)
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error)
  }
  onlooker.ended?.(playing)
  return {
    counts: { effect: effects.done.length - first.effect, file: effects.files.length - first.file, question: effects.questions - first.question },
    effects: effects.done.slice(first.effect),
    files: effects.files.slice(first.file),
    broken,
  }
}

/** One sentence about what was done to what. */
export function tellStrikes(strikes: readonly Strike[]): string {
  return strikes.map(({ fault, effect }) => `"${fault.kind}" at ${fault.level} ${tell(effect)}`).join(', then ')
}

class Progress implements Playing {
  readonly daemons: Daemon[] = []
  lately: string[] = []
  isEnough = false
  readonly scenario: Scenario
  readonly world: World
  readonly strikes: Strike[]
  readonly #unknown: { readonly strike: Strike, readonly isOver: () => boolean }[] = []

  constructor(scenario: Scenario, world: World, strikes: Strike[]) {
    this.scenario = scenario
    this.world = world
    this.strikes = strikes
  }

  get open(): Strike[] {
    return this.#unknown.filter(({ isOver }) => !isOver()).map(({ strike }) => strike)
  }

  /** Is another whenever a fault strikes or is over. */
  get trouble(): string {
    return `${this.strikes.length} ${this.open.length}`
  }

  /** A fault is still to come for as long as its effect runs. What hangs is over as soon as nobody waits for it; what is late comes even when the daemon is dead. */
  untilOver<T>(strike: Strike, { life, signal }: Asking, work: Promise<T>): Promise<T> {
    const { kind } = strike.fault
    let hasEnded = false
    const isTooLate = (): boolean => kind !== 'takes effect late' && (life.dead || (kind === 'hangs' && signal?.aborted === true))
    this.#unknown.push({ strike, isOver: () => hasEnded || isTooLate() })
    return work.finally(() => {
      hasEnded = true
    })
  }
}

function noteDaemon({ world, daemons }: Progress): void {
  if (daemons.at(-1) !== world.daemon) daemons.push(world.daemon)
}

function interferenceOf(kind: Kind, world: World): Interference {
  switch (kind) {
    case 'stale':
      return stale
    case 'power cut before':
      return powerCutOnce(world, () => true, 'before', leastSurvives)
    case 'power cut after':
      return powerCutOnce(world, () => true, 'after', leastSurvives)
    default:
      return faults[kind]
  }
}

async function remembering<T>(playing: Progress, level: Level, effect: Effect, work: Promise<T>): Promise<T> {
  if (level !== 'effect') return work
  const what = `${effect.name} ${effect.services?.join('+') ?? ''}`
  playing.lately = [...playing.lately, what]
  try {
    const answer = await work
    playing.lately = effect.name === 'store.write' ? [] : [...playing.lately, `${what} done`]
    return answer
  } catch (error) {
    playing.lately = [...playing.lately, `${what} failed`]
    throw error
  }
}

async function restUntilSettled(playing: Progress): Promise<void> {
  const { world, scenario, strikes } = playing
  const still = scenario.unsettled ?? unsettled
  let wrong: string[] = []
  let look = 0
  let first = 0
  let bound = looks
  let { trouble } = playing
  while (look - first < bound && !playing.isEnough) {
    if (await revived(playing)) continue
    // A try that hangs takes its whole limit, and a longer pause follows.
    if (playing.trouble !== trouble) first = look
    trouble = playing.trouble
    wrong = still(world)
    if (wrong.length === 0) {
      // From now on the world's own state counts again, whatever was broken from outside before.
      if (world.disturbed && scenario.unsettled === undefined) world.disturbed = false
      await world.pass(watchInterval + 1)
      if (world.daemon.life.dead) continue
      wrong = still(world)
      if (wrong.length === 0) {
        wrong = scenario.unsettled === undefined ? leftOver(world) : []
        if (wrong.length === 0) return
        bound = looks + looksForLeftovers
      }
    }
    look += 1
    await world.pass(watchInterval)
  }
  if (playing.isEnough) return
  throw new Error(`not at rest after ${look} looks: ${wrong.join('; ')}\n--- struck: ${tellStrikes(strikes)}\n${world.story()}`)
}

/** A supervisor starts the daemon again. */
async function revived(playing: Progress): Promise<boolean> {
  const { world, daemons, strikes } = playing
  noteDaemon(playing)
  if (!world.daemon.life.dead) return false
  if (daemons.length > lives) throw new Error(`more than ${lives} daemons`)
  noteWhatIsDurable(strikes, world)
  playing.lately = []
  await world.start()
  return true
}

function noteWhatIsDurable(strikes: Strike[], world: World): void {
  const last = strikes.at(-1)
  if (last !== undefined && isDeath(last.fault.kind)) strikes[strikes.length - 1] = { ...last, durable: world.stack.record }
}

function endsWrongly(scenario: Scenario, world: World, strikes: readonly Strike[], told: Told): string | null {
  const { record } = world.stack
  if (record === null) return scenario.always.serves === undefined ? null : 'there is no record at the end'
  const [strike = null, another] = strikes
  const wanted: Ending = { ...scenario.always, ...(another === undefined ? scenario.ends(strike, told) : scenario.afterSeveral?.(strikes)) }
  const held = record.holds.length > 0
  const quarantine = record.quarantine.map(({ tag }) => tag)
  const { result } = told
  const wrong = [
    ...(wanted.serves === undefined || wanted.serves.includes(record.active.tag) ? [] : [`${record.active.tag} serves, not ${wanted.serves.join(' or ')}`]),
    ...(wanted.held === undefined || wanted.held === held ? [] : [held ? `held: ${record.holds.map(({ reason }) => reason).join('; ')}` : 'nothing holds']),
    ...(wanted.quarantine === undefined || wanted.quarantine.join() === quarantine.join() ? [] : [`quarantined: ${quarantine.join(', ') || 'nothing'}`]),
    // I3, I11: who was told of a success is served by it, and who was told that it was undone is served by what was before.
    ...(result?.status === 'success' && result.newSha !== record.active.commit ? ['a success was told, and it does not serve'] : []),
    ...(result?.status === 'rolled_back' && result.previousSha !== record.active.commit ? ['it was told to be undone, and it serves'] : []),
  ]
  return wrong.length === 0 ? null : `${wrong.join('; ')}\n--- how it came:\n${world.story()}`
}
