import type { Injection, TracedCall } from './strace.ts'

/** What the record on the disk says while a call is made: what the next daemon would find. */
export type Phase = (typeof phases)[number]
/** `none` before a rollout is open, `closed` after it. */
export const phases = ['none', 'preparing', 'switching', 'swapping', 'retiring', 'closed'] as const

/** A call by which a rollout makes a file below the state directory durable, renames it or writes it. */
export interface RolloutCall {
  readonly call: string
  /** Below the state directory, with `<token>` and `<uuid>` for what is drawn anew each time; of a rename, the old name. */
  readonly path: string
  /** The how-manieth such call on such a path in the rollout, from 1. */
  readonly nth: number
  readonly phase: Phase
  /** Of which write of the record it is; null: of none. */
  readonly record: RecordCall | null
}

export interface RecordCall {
  /** Which of the nine calls of such a write, from 0. */
  readonly place: number
  /** What the record says that is written: its phase and step. */
  readonly says: string
}

/** A record that a rollout writes, as far as it is told apart here. */
export interface WrittenRecord {
  readonly phase: Phase
  readonly says: string
}

/** Of one write of the record: a copy of the earlier generation, then the new one. */
const recordWrite = [
  'write a', 'fsync a', 'fsync /', 'rename a',
  'write a', 'fsync a', 'fsync /', 'rename a', 'fsync /',
].map((call) => call.replace(/a$/, '/updater-state.json.tmp-<token>'))
const afterRename = 8

export function told({ call, path, nth, phase }: RolloutCall): string {
  return `${call} ${nth} of ${path} (${phase})`
}

/**
 * @param traced all calls of the whole daemon in one rollout
 * @param records that it wrote, one after the other
 * @throws Error when the record was written in another way than in the nine calls, or another number of times
 */
export function callsOfRollout(state: string, traced: readonly TracedCall[], records: readonly WrittenRecord[]): RolloutCall[] {
  const seen = new Map<string, number>()
  let place = 0
  let begun = 0
  let written = 0
  const calls = traced.filter(({ path }) => isBelow(state, path)).map(({ call, path: whole }) => {
    const path = patternOf(state, whole)
    const what = `${call} ${path}`
    const nth = (seen.get(what) ?? 0) + 1
    seen.set(what, nth)
    const made = { call, path, nth, phase: records[written - 1]?.phase ?? 'none' }
    if (what !== recordWrite[place]) {
      if (path.startsWith('/updater-state')) throw new Error(`a write of the record makes ${what} where it should make ${recordWrite[place]}`)
      return { ...made, record: null }
    }
    const ofRecord = { ...made, record: { place, says: records[begun]?.says ?? '' } }
    place = (place + 1) % recordWrite.length
    if (place === afterRename) written += 1
    if (place === 0) begun += 1
    return ofRecord
  })
  if (place !== 0 || written !== records.length) throw new Error(`${written} writes of the record were traced and ${place} calls of one more; ${records.length} were made`)
  return calls
}

/** Whether this is the call that was meant. */
export function isOneOf(wanted: RolloutCall, state: string, { call, path }: TracedCall): boolean {
  return call === wanted.call && patternOf(state, path) === wanted.path
}

/** The files that strace has to look at for this call. @param drawn how many tokens there may be before it */
export function filesOf({ path }: RolloutCall, state: string, prefix: number, drawn: number): string[] {
  if (!path.includes('<')) return [path === '/' ? state : `${state}${path}`]
  return Array.from({ length: drawn }, (_, index) => {
    const drawnNow = `${prefix}`.padStart(6, '0') + `${index + 1}`.padStart(6, '0')
    return `${state}${path.replace('<token>', drawnNow.padEnd(32, '0')).replace('<uuid>', `00000000-0000-4000-8000-${drawnNow}`)}`
  })
}

/** @throws Error when it is none that strace injects into here */
export function injectionOf({ call, nth }: RolloutCall, fault: Injection['fault']): Injection {
  if (call !== 'fsync' && call !== 'rename' && call !== 'write') throw new Error(`nothing strikes ${call}`)
  return { call, fault, nth }
}

function isBelow(state: string, path: string): boolean {
  return path === state || path.startsWith(`${state}/`)
}

function patternOf(state: string, path: string): string {
  const below = path === state ? '/' : path.slice(state.length)
  return below.replace(/\b0{8}-0000-4000-8000-\d{12}/, '<uuid>').replace(/\b\d{12}0{20}\b/, '<token>')
}
