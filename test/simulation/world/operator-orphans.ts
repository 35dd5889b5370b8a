import type { Effect, Interference } from './effects.ts'

/** What a daemon has children for: they do not die with it. */
const byChildren = ['runtime.up', 'source.fetch', 'source.checkout', 'source.bringTree'] as const

/** Whether this effect is the work of a child process. */
export function isWorkOfAChild({ name }: Effect): boolean {
  return byChildren.some((child) => child === name)
}

/** The daemon is killed and the child that it had begun goes on by itself: it lands that many ms later, whatever has come since. */
export function crashLandsLate(milliseconds: number): Interference {
  return (_effect, run, { life, time }) => {
    life.end()
    time.after(milliseconds, () => {
      run().catch(() => undefined) // nobody is left to hear of it
    })
    return new Promise(() => undefined)
  }
}
