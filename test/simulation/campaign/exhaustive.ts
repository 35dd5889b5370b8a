import { faults, type FaultKind } from '../world/effects.ts'
import { play, tellStrikes, type Onlooker, type Playing } from './exhaustive-play.ts'
import type { Fault, Kind, Level, Scenario } from './scenarios.ts'

/** What a campaign found: one broken rule. */
export interface Finding {
  readonly scenario: string
  readonly faults: readonly Fault[]
  /** What was struck, in words. */
  readonly struck: string
  /** The rule that broke, and how it came. */
  readonly broken: string
}

export interface Exhausted {
  /** Faults that were tried, one a run. */
  readonly runs: number
  readonly findings: readonly Finding[]
}

export interface ExhaustiveOptions {
  readonly levels?: readonly Level[]
  readonly kinds?: readonly Kind[]
  readonly onlooker?: Onlooker
  /** Stops after so many findings; a mutation is caught by one. */
  readonly enough?: number
}

/** Every kind of fault of an effect; a power cut leaves the least that it may. */
export const everyKind: readonly Kind[] = [...kindsOf(faults), 'power cut before', 'power cut after']

/** Hits every effect of a scenario, each call of files below them and each question in it with each kind of fault, one in every run. */
export async function exhaust(scenario: Scenario, options: ExhaustiveOptions = {}): Promise<Exhausted> {
  const { levels = ['effect'], kinds, onlooker = {}, enough = Number.POSITIVE_INFINITY } = options
  const findings: Finding[] = []
  let runs = 0
  const attempt = async (planned: readonly Fault[]): Promise<Awaited<ReturnType<typeof play>>> => {
    let last: Playing | null = null
    const played = await play(scenario, planned, {
      asked: (playing, effect) => onlooker.asked?.(playing, effect),
      struck: (playing, strike) => onlooker.struck?.(playing, strike),
      ended: (playing) => {
        last = playing
        onlooker.ended?.(playing)
      },
    })
    if (played.broken !== null) findings.push({ scenario: scenario.name, faults: planned, struck: last === null ? '' : struckIn(last), broken: played.broken })
    return played
  }
  const whole = await attempt([])
  for (const level of levels) {
    for (const kind of kinds ?? kindsAt(level)) {
      for (let at = 0; at < whole.counts[level]; at += 1) {
        const effect = level === 'effect' ? whole.effects[at] : level === 'file' ? whole.files[at] : undefined
        if (!canStrike(kind, level, effect?.name)) continue
        runs += 1
        await attempt([{ level, at, kind }])
        if (findings.length >= enough) return { runs, findings }
      }
    }
  }
  return { runs, findings }
}

/** Kinds that make sense on a level: a question that came late was answered with what was so when it was asked. */
function kindsAt(level: Level): readonly Kind[] {
  if (level === 'question') return ['fails', 'hangs', 'stale', 'crash after']
  return everyKind
}

/** Only the engine goes on with what a dead daemon asked for: what a process has begun with files ends with it. */
export function canStrike(kind: Kind, level: Level, name: string | undefined): boolean {
  if (kind === 'crash during') return name?.startsWith('runtime.') === true
  // The call itself is over at once, so that late is no other case than not hanging.
  if (level === 'file' && kind === 'takes effect late') return false
  return true
}

/** For people: what was done, what broke, how it came. */
export function tellFindings(findings: readonly Finding[], most = 3): string {
  return findings.slice(0, most).map(({ scenario, struck, broken }) => `${scenario}: ${struck}: ${broken}`).join('\n=====\n')
}

function struckIn({ strikes }: Playing): string {
  return strikes.length === 0 ? 'nothing struck' : tellStrikes(strikes)
}

function kindsOf(table: typeof faults): FaultKind[] {
  return Object.keys(table).filter((kind): kind is FaultKind => kind in table)
}
