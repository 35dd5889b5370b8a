/** Longest wait for anything that a daemon does, ms; a machine under full load needs several times what an idle one does. */
const patience = 40_000

/** Waits until `look` answers with something other than null. @throws Error that says what did not come, and what was seen last */
export async function eventually<T>(what: string, look: () => T | null | Promise<T | null>, limit = patience): Promise<T> {
  for (const deadline = performance.now() + limit; ;) {
    const seen = await look()
    if (seen !== null) return seen
    if (performance.now() > deadline) throw new Error(`not seen within ${limit} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Waits until nothing is wrong any more. @throws Error with what still is */
export async function untilNothingIsWrong(look: () => Promise<readonly string[]>, limit = patience): Promise<void> {
  let wrong: readonly string[] = []
  await eventually('a stack at rest', async () => {
    wrong = await look()
    return wrong.length === 0 ? wrong : null
  }, limit).catch((error: unknown) => {
    throw new Error(`the stack does not come to rest:\n${wrong.join('\n')}`, { cause: error })
  })
}

/** What lies at a path inside an answer; undefined where it leads nowhere. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([name]) => name === key)?.[1] : undefined), value)
}
