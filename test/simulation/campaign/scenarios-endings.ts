import { isDeath, type Ending, type Strike } from './scenarios.ts'

/** A rollout and how it ends when nothing goes wrong beside what the release does by itself. */
export interface Rollout {
  readonly from: string
  readonly target: string
  readonly unharmed: Required<Ending>
}

/** A release that reaches its commit point. */
export function succeeds(from: string, target: string, quarantine: readonly string[] = []): Rollout {
  return { from, target, unharmed: { serves: [target], held: false, quarantine } }
}

/** A release that is found to be bad: undone, quarantined, held. */
export function isRefused(from: string, target: string): Rollout {
  return { from, target, unharmed: { serves: [from], held: true, quarantine: [target] } }
}

/** An attempt that ends by the surroundings before anything was switched: neither the release's fault nor a reason to hold. */
export function endsEarly(from: string, target: string): Rollout {
  return { from, target, unharmed: { serves: [from], held: false, quarantine: [] } }
}

/** What holds at the end of a rollout, however many faults there were: it serves the one or the other, and only a bad release is quarantined. */
export function alwaysOf({ from, target, unharmed }: Rollout): Ending {
  return unharmed.serves.includes(target) ? { serves: [from, target] } : { serves: [from] }
}

/**
 * Where a rollout ends after one fault (invariants.md, faults 1 to 12, 22 and 23): by what was durable when a death came,
 * by the phase in which something failed.
 */
export function endOf(rollout: Rollout, strike: Strike | null): Ending {
  if (strike === null || isHarmless(strike)) return rollout.unharmed
  // An answer that is missing or wrong is asked for again, or turns the rollout round.
  if (strike.fault.level === 'question') return alwaysOf(rollout)
  return isDeath(strike.fault.kind) ? afterADeath(rollout, strike) : afterAFailure(rollout, strike)
}

function afterADeath({ from, target, unharmed }: Rollout, { durable }: Strike): Ending {
  if (durable === null) return { serves: [from] }
  const { operation, active, holds, quarantine } = durable
  if (operation === null) return { serves: [active.tag], held: holds.length > 0, quarantine: quarantine.map(({ tag }) => tag) }
  if (operation.phase === 'retiring') return { serves: [target], held: false, quarantine: unharmed.quarantine }
  const cause = operation.failure?.cause
  return {
    serves: [from],
    held: holds.length > 0 || cause === 'release' || cause === 'integrity' || operation.phase !== 'preparing',
    quarantine: cause === 'release' ? [target] : [],
  }
}

function afterAFailure({ from, target, unharmed }: Rollout, { fault, effect, durable }: Strike): Ending {
  // Each file of a store fails in its own way; what one port's effect makes of it is held by its own tests.
  if (fault.level === 'file') return alwaysOf({ from, target, unharmed })
  const written = effect.record?.operation ?? null
  const open = durable?.operation ?? null
  if (open?.phase === 'retiring') return { ...unharmed, serves: [target] }
  // Nothing was begun yet, or everything is behind.
  if (open === null) return written === null ? unharmed : { serves: [from], held: false, quarantine: [] }
  // Its own failure may have come first.
  if (fault.kind === 'takes effect but fails' && effect.name === 'runtime.build' && unharmed.held) return { serves: [from] }
  const turned = written?.failure ?? open.failure
  // The undo goes on until it is complete; that it could not be completed at once may hold.
  if (turned !== null) return unharmed.held ? unharmed : { serves: [from], quarantine: unharmed.quarantine }
  return { serves: [from], held: effect.name === 'store.write' || open.phase !== 'preparing', quarantine: [] }
}

/** What may fail or take its time without harm. */
function isHarmless({ fault: { kind, level }, effect: { name } }: Strike): boolean {
  if (isDeath(kind) || level !== 'effect') return false
  if (name === 'history.append' || name === 'router.sweep' || name.endsWith('.prune') || name === 'source.bringTree') return true
  // A minute and a half is within what git and a build may take, and files are waited for however long they take.
  return kind === 'takes effect late' && (!name.startsWith('runtime.') || name === 'runtime.build')
}
