import type { UpdaterRecord } from './model.ts'

/** Why no rollout is taken on, in a sentence; null when nothing speaks against one. What somebody does by hand comes first. */
export function pauseReasonOf({ holds, maintenance }: Pick<UpdaterRecord, 'holds' | 'maintenance'>): string | null {
  if (maintenance !== null) return `Maintenance mode since ${maintenance.since}, set by ${maintenance.by}: ${maintenance.reason}`
  return holds[0]?.reason ?? null
}
