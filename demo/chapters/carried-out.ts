import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from '../stack/client.ts'
import type { Stage } from '../stage.ts'
import type { Watched } from '../watch.ts'
import { shortly } from './answers.ts'

/** From the answer until the old color is gone: drain, stop and tree, each with a shorter limit of its own, ms. */
const closeLimit = 90_000

/** An operation that was asked for, answered, and closed. */
export interface CarriedOut {
  readonly answer: Answer
  readonly operation: Watched
}

/**
 * Asks for an operation and follows it until it is closed.
 * @throws Error when it was not taken on, or not closed in time
 */
export async function carriedOut({ watch, signal }: Stage, ask: () => Promise<Answer>): Promise<CarriedOut> {
  const done = new AbortController()
  const closing = watch.nextClosed(AbortSignal.any([signal, done.signal]))
  const answering = ask().then(async (answer) => {
    if (answer.status !== 200 && answer.status !== 500) throw new Error(`it was not taken on: ${answer.status} ${shortly(answer.body['error'])}`)
    return answer
  })
  const late = answering.then(() => wait(closeLimit, undefined, { signal: done.signal })).then(() => {
    throw new Error(`the operation was answered but not closed within ${closeLimit / 1000} s`)
  })
  try {
    const [answer, operation] = await Promise.all([answering, Promise.race([closing, late])])
    return { answer, operation }
  } finally {
    done.abort()
    await Promise.allSettled([closing, late])
  }
}
