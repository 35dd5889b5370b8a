import type { Context } from '../context.ts'

/**
 * Whether a rollback goes to what was found running at the first start: no commit of the mirror, but its files and
 * images were kept then (R3), so that there is a way back to it like to any other release.
 */
export async function wasFoundRunning(context: Context): Promise<boolean> {
  const { kind, target } = context.journal.operation
  return kind === 'rollback' && !(await context.ports.source.has(target.commit, context.signal))
}
