/** Runs works one after the other, in the order in which they came; each caller gets its own work's outcome. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    // Who waits behind does so whether this one succeeded or not; its error goes to its own caller.
    last = result.catch(() => undefined)
    return result
  }
}
