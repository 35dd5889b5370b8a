import { withSignal, type Context } from './context.ts'

/**
 * Runs the same work for several items at once. The first failure ends the waits of the others, and is thrown only when
 * all of them have ended: what follows, such as an undo, never runs beside a straggler.
 */
export async function sideBySide<T>(context: Context, items: readonly T[], work: (context: Context, item: T) => Promise<void>): Promise<void> {
  const first = new AbortController()
  const together = withSignal(context, AbortSignal.any([context.signal, first.signal]))
  await Promise.allSettled(items.map(async (item) => {
    try {
      await work(together, item)
    } catch (error) {
      first.abort(error)
    }
  }))
  if (first.signal.aborted) throw first.signal.reason
}
