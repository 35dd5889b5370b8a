import { withSignal, type Context } from './context.ts'
import { followerOf } from './within.ts'

/**
 * Runs the same work for several items at once. The first failure ends the waits of the others, and is thrown only when
 * all of them have ended: what follows, such as an undo, never runs beside a straggler.
 */
export async function sideBySide<T>(context: Context, items: readonly T[], work: (context: Context, item: T) => Promise<void>): Promise<void> {
  const together = followerOf(context.signal)
  const failures: unknown[] = []
  await Promise.allSettled(items.map(async (item) => {
    try {
      await work(withSignal(context, together.signal), item)
    } catch (error) {
      failures.push(error)
      together.abort(error)
    }
  }))
  together.unfollow()
  if (failures.length > 0) throw failures[0]
}
