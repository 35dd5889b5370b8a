import { afterEach, describe, expect, test } from 'vitest'
import { useLightAbort } from '../../world/light-abort.ts'

let restore: () => void = () => undefined
afterEach(() => restore())

/** What is seen of a tree of signals whose inner one aborts, in order. */
function tree(): unknown[] {
  const seen: unknown[] = []
  const leaving = new AbortController()
  const cancelled = new AbortController()
  const operation = AbortSignal.any([leaving.signal, cancelled.signal])
  const limit = new AbortController()
  const step = AbortSignal.any([operation, limit.signal])
  const note = (what: string, { aborted, reason }: AbortSignal): void => void seen.push([what, aborted, reason, limit.signal.aborted])
  const forgotten = (): void => note('forgotten', step)
  const once = (): void => note('twice added', cancelled.signal)
  step.addEventListener('abort', () => note('step', step), { once: true })
  step.addEventListener('abort', forgotten)
  operation.addEventListener('abort', () => note('operation', operation))
  cancelled.signal.addEventListener('abort', once)
  cancelled.signal.addEventListener('abort', once)
  step.removeEventListener('abort', forgotten)
  leaving.signal.addEventListener('abort', () => note('leaving', leaving.signal))

  limit.signal.throwIfAborted()
  cancelled.abort('an operator cancels')
  cancelled.abort('again')
  leaving.abort('too late')
  limit.abort()
  const late = AbortSignal.any([limit.signal, cancelled.signal])
  late.addEventListener('abort', () => note('never', late))
  const thrown = [late, cancelled.signal].map((signal) => {
    try {
      return signal.throwIfAborted()
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : error
    }
  })
  return [...seen, ...thrown, AbortSignal.any([]).aborted]
}

describe('light signals', () => {
  test('behave as those of the platform, in the same order', () => {
    const platform = tree()
    restore = useLightAbort()
    expect(AbortSignal.any.toString()).not.toContain('native')
    expect(tree()).toEqual(platform)
    expect(platform).toHaveLength(7)
  })

  test('go when they are given back', () => {
    const before = AbortController
    useLightAbort()()
    expect(AbortController).toBe(before)
  })
})
