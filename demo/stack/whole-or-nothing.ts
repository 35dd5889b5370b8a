/** How to take back what was brought up, in the order in which it was. */
export type Endings = (() => Promise<unknown>)[]

/**
 * Brings something up step by step, with a way to end all of it, the last step first.
 * @throws whatever a step throws; nothing is left behind then
 */
export async function wholeOrNothing<T>(bringUp: (endings: Endings, close: () => Promise<void>) => Promise<T>): Promise<T> {
  const endings: Endings = []
  const close = async (): Promise<void> => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }
  try {
    return await bringUp(endings, close)
  } catch (error) {
    await close()
    throw error
  }
}
