import { told, type RolloutCall } from './rollout-calls.ts'
import type { Injection } from './strace.ts'
import type { Rollout } from './struck-daemon.ts'

/** A call of a rollout, and what goes wrong at it. */
export interface PlannedStrike {
  readonly call: RolloutCall
  readonly fault: Injection['fault']
  readonly as: Rollout
}

export const faults = ['EIO', 'ENOSPC', 'KILL'] as const

/** Of one write of the record: the write, the sync and the rename of the new generation. */
const newWrite = 4
const newSync = 5
const newRename = 7
/** A release before it has its name. */
const laidOut = '/releases/.new-<uuid>'

/**
 * Every call with every fault would take a quarter of an hour. Each call is struck at least once, and
 * - each of the nine calls of a write of the record with every fault in every phase; which one of a phase, takes turns;
 * - of the new generation, every write on a full disk, every sync with EIO, and every rename with EIO and with a kill;
 * - the files of a release that is laid out, and a write of the record that only a build brings, with one fault each;
 * - everything else with every fault.
 * @param anew calls of a rollout that makes all that there is to make
 * @param again calls of one that finds the release laid out and built, which costs less
 */
export function planStrikes(anew: readonly RolloutCall[], again: readonly RolloutCall[]): PlannedStrike[] {
  return [
    ...strikesOf(again, 'again', ({ record, phase }, name) => (record === null ? name : `${isOpening(record) ? 'opening' : phase} ${record.place}`)),
    ...strikesOf(beyond(again, anew), 'anew', ({ record, path }, name) => (record !== null ? 'record' : path.startsWith(`${laidOut}/`) ? laidOut : name)),
  ]
}

/** @param kindOf calls of one kind share the faults between them */
function strikesOf(calls: readonly RolloutCall[], as: Rollout, kindOf: (call: RolloutCall, name: string) => string): PlannedStrike[] {
  const kinds = calls.map((call) => kindOf(call, told(call)))
  return calls.flatMap((call, index) => {
    const kind = kinds[index]
    const before = kinds.slice(0, index).filter((other) => other === kind).length
    const share = Math.min(faults.length, kinds.filter((other) => other === kind).length)
    const shift = as === 'again' ? (call.record?.place ?? 0) : 0
    return faults
      .filter((fault, number) => (number + shift) % share === before % share || (as === 'again' && isEssential(call, fault)))
      .map((fault) => ({ call, fault, as }))
  })
}

/** The first record of a rollout. It is not begun before that one is durable. */
export function isOpening(record: RolloutCall['record']): boolean {
  return record?.says === 'preparing null'
}

function isEssential({ record }: RolloutCall, fault: Injection['fault']): boolean {
  if (record?.place === newWrite) return fault === 'ENOSPC'
  if (record?.place === newSync) return fault === 'EIO'
  return record?.place === newRename && fault !== 'ENOSPC'
}

/** What one rollout does more often than the other. */
function beyond(less: readonly RolloutCall[], more: readonly RolloutCall[]): RolloutCall[] {
  const left = less.map(kindOfAll)
  return more.filter((call) => {
    const found = left.indexOf(kindOfAll(call))
    if (found !== -1) left.splice(found, 1)
    return found === -1
  })
}

function kindOfAll({ call, path, record }: RolloutCall): string {
  return `${call} ${path} ${record?.place} ${record?.says}`
}
