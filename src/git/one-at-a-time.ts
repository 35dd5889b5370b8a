import { abortedBy } from './failure.ts'

/** Runs functions one after the other; who waits stops waiting when its signal aborts. */
export type OneAtATime = <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T>

/** A queue of its own. A failure is its caller's alone. */
export function oneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve()
  return async (signal, run) => {
    const before = last
    let finished = (): void => undefined
    const mine = new Promise<void>((resolve) => {
      finished = resolve
    })
    // The next one waits for those before us too, also if we give up first.
    last = Promise.all([before, mine])
    try {
      await abortable(before, signal)
      return await run()
    } finally {
      finished()
    }
  }
}

async function abortable(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortedBy(signal, 'A git command')
  let leave = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(abortedBy(signal, 'A git command'))
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    await Promise.race([wait, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
