/** Runs tasks one after the other, in the order in which they were given; a failed one does not hold up the next. */
export function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task)
    // The failure is the caller's to see; the queue only waits for its end.
    last = result.catch(() => undefined)
    return result
  }
}
