import type { Effect } from '../world/effects.ts'
import { seededRandom } from '../world/seeded-random.ts'
import { canStrike, everyKind, type Finding } from './exhaustive.ts'
import { play, tellStrikes, type Onlooker, type Playing } from './exhaustive-play.ts'
import { stateOf } from './pairs-state.ts'
import type { Fault, Kind, Scenario } from './scenarios.ts'

export interface Paired {
  /** Pairs of faults, the second one anywhere after the first. */
  readonly pairs: number
  /** Pairs that were played: one of those whose second fault strikes the same state, until it came to a state that is known to end well. */
  readonly played: number
  /** Pairs that were dropped or cut short, and then played in full nevertheless. */
  readonly sampled: number
  readonly findings: readonly Finding[]
}

export interface PairsOptions {
  readonly kinds?: readonly Kind[]
  /** Of the dropped pairs so many are played in full, chosen by this seed, and must end as the one that was played for them. */
  readonly sample?: number
  readonly seed?: number
  readonly onlooker?: Onlooker
  /** Stops after so many findings. */
  readonly enough?: number
}

/** A first fault, and a second one in what follows it. */
type Pair = readonly [Fault, Fault]

interface Spared {
  readonly pair: Pair
  /** The pair that was played for it; null when it was played itself up to a known state. */
  readonly like: Pair | null
}

/**
 * All pairs of two faults at the effects of the ports: the first at every effect of the scenario, the second at every effect
 * of what follows: its undo, its recovery, its next life.
 */
export async function playPairs(scenario: Scenario, options: PairsOptions = {}): Promise<Paired> {
  const { kinds = everyKind, sample = 0, seed = 1, onlooker = {}, enough = Number.POSITIVE_INFINITY } = options
  const findings: Finding[] = []
  const seen = new Map<string, Pair>()
  /** States after the last fault from which all came to rest where it should. */
  const endsWell = new Set<string>()
  const spared: Spared[] = []
  let pairs = 0
  let played = 0

  const whole = await play(scenario, [], onlooker)
  for (const first of firstFaults(whole.effects, kinds)) {
    for (const { at, state, name } of await followUp(scenario, first)) {
      for (const kind of kinds) {
        if (!canStrike(kind, 'effect', name)) continue
        const pair: Pair = [first, { level: 'effect', at, kind }]
        const key = `${kind} ${state}`
        const like = seen.get(key)
        pairs += 1
        if (like !== undefined) {
          spared.push({ pair, like })
          continue
        }
        seen.set(key, pair)
        played += 1
        if ((await playPair(pair, 'until known')).isCut) spared.push({ pair, like: null })
        if (findings.length >= enough) return { pairs, played, sampled: 0, findings }
      }
    }
  }

  const sampled = chosen(spared, sample, seed)
  for (const { pair, like } of sampled) {
    const { end } = await playPair(pair, 'in full')
    if (like !== null) await mustEndAs(like, pair, end)
  }
  return { pairs, played, sampled: sampled.length, findings }

  async function mustEndAs(like: Pair, pair: Pair, own: string): Promise<void> {
    const known = await endOf(scenario, like)
    if (own === known) return
    const broken = `it was taken for the same as ${tellPair(like)}, and ended with ${own}, not ${known}: the state is told too coarsely`
    findings.push({ scenario: scenario.name, faults: pair, struck: tellPair(pair), broken })
  }

  async function playPair(pair: Pair, how: 'until known' | 'in full'): Promise<{ readonly isCut: boolean; readonly end: string }> {
    let last: Playing | null = null
    let end = ''
    let isCut = false
    const passed: string[] = []
    const { broken } = await play(scenario, pair, {
      asked(playing, effect) {
        if (how === 'in full' || playing.strikes.length < pair.length) return undefined
        // What must come of a state may differ by what led to it.
        const state = `${stateOf(playing, effect)} ${JSON.stringify(scenario.afterSeveral?.(playing.strikes))}`
        passed.push(state)
        isCut = endsWell.has(state)
        return isCut ? 'enough' : undefined
      },
      struck: (playing, strike) => onlooker.struck?.(playing, strike),
      ended(playing) {
        last = playing
        if (how === 'in full') end = tellEnd(playing)
        onlooker.ended?.(playing)
      },
    })
    if (broken === null) for (const state of passed) endsWell.add(state)
    else findings.push({ scenario: scenario.name, faults: pair, struck: struckIn(last), broken })
    return { isCut, end }
  }
}

function firstFaults(effects: readonly Effect[], kinds: readonly Kind[]): Fault[] {
  return effects.flatMap(({ name }, at) => kinds.filter((kind) => canStrike(kind, 'effect', name)).map((kind) => ({ level: 'effect' as const, at, kind })))
}

interface Point {
  readonly at: number
  readonly name: string
  readonly state: string
}

/** The effects that follow a first fault, and the state in which each is asked for. */
async function followUp(scenario: Scenario, first: Fault): Promise<Point[]> {
  const points: Point[] = []
  let start: number | null = null
  await play(scenario, [first], {
    asked(playing, effect) {
      const struck = playing.strikes[0]
      if (struck === undefined) return undefined
      start ??= struck.effect.index - first.at
      points.push({ at: effect.index - start, name: effect.name, state: stateOf(playing, effect) })
      return undefined
    },
  })
  return points
}

async function endOf(scenario: Scenario, pair: Pair): Promise<string> {
  let end = ''
  await play(scenario, pair, {
    ended(playing) {
      end = tellEnd(playing)
    },
  })
  return end
}

/** What serves and what holds at the end. Not the way there: of effects side by side either may come first, by a millisecond that the state leaves out. */
function tellEnd({ world: { stack } }: Playing): string {
  const { record, routed } = stack
  return JSON.stringify([
    routed, record?.activeColor, record?.active.tag, record?.holds.map(({ origin }) => origin), record?.quarantine.map(({ tag }) => tag),
    record?.lastResult?.status, stack.engine.instances.map(({ service, state, image }) => `${service} ${image.version} ${state}`).toSorted(),
  ])
}

function tellPair(pair: Pair): string {
  return pair.map(({ kind, at }) => `"${kind}" at effect ${at}`).join(', then ')
}

function chosen(spared: readonly Spared[], sample: number, seed: number): Spared[] {
  const random = seededRandom(seed)
  const left = [...spared]
  const picked: Spared[] = []
  while (picked.length < sample && left.length > 0) {
    const [one] = left.splice(Number.parseInt(random.token().slice(0, 8), 16) % left.length, 1)
    if (one !== undefined) picked.push(one)
  }
  return picked
}

function struckIn(playing: Playing | null): string {
  return playing === null ? '' : tellStrikes(playing.strikes)
}
