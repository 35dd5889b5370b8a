import type { SeenState } from './observer/state-file.ts'

/** Interruptions after which rollouts are held: of one operation, or of several in a row. */
const cap = 3

/**
 * What is wrong about where recovery led to: before the commit point the old release, after it the new one; held where it has
 * to be.
 * @param left the record as the killed daemon left it
 * @param now the record of the next one, once the world is reconciled
 */
export function wrongOutcome(left: SeenState, now: SeenState): string[] {
  const { operation } = left
  const committed = operation === null || operation.phase === 'retiring'
  const wanted = operation === null ? { tag: left.activeTag, color: left.activeColor }
    : committed ? { tag: operation.targetTag, color: left.activeColor } : { tag: operation.fromTag, color: operation.fromColor }
  const failures = committed || countsForTheRelease(left) ? left.failuresInARow : left.failuresInARow + 1
  const crashLoop = operation !== null && operation.interruptions + 1 >= cap
  const held = left.holds.length > 0 || crashLoop || (!committed && (operation.phase !== 'preparing' || countsForTheRelease(left) || failures >= cap))
  return [
    ...(now.operation === null ? [] : [`an operation is open: ${now.operation.phase}`]),
    ...(now.activeTag === wanted.tag ? [] : [`${now.activeTag} is active, it should be ${wanted.tag}`]),
    ...(now.activeColor === wanted.color ? [] : [`${now.activeColor} is active, it should be ${wanted.color}`]),
    ...(now.failuresInARow === failures ? [] : [`${now.failuresInARow} failures in a row are counted, it should be ${failures}`]),
    ...(now.paused === held ? [] : [held ? 'rollouts are not held' : `rollouts are held without need: ${now.holds.join('; ')}`]),
  ]
}

/** The release had failed before the kill came: what follows is its undo, not an interruption. */
function countsForTheRelease({ operation }: SeenState): boolean {
  return operation?.cause === 'release'
}
