import { describe, expect, it } from 'vitest'
import { createExpectations, exitCodeOf } from '../../demo/expectations.ts'
import { tell } from '../../demo/story.ts'

describe('the story', () => {
  it('stops after a chapter that did not go as told, and the demo fails', async () => {
    const chapters: string[] = []
    const expectations = createExpectations(() => undefined)
    const chapter = (name: string, met: boolean) => () => {
      chapters.push(name)
      expectations.expect(met, name)
      return Promise.resolve()
    }
    await tell([chapter('first', true), chapter('second', false), chapter('third', true)], { expectations, signal: new AbortController().signal })

    expect(chapters).toEqual(['first', 'second'])
    expect(exitCodeOf(expectations)).toBe(1)
  })

  it('goes no further once somebody ended it', async () => {
    const expectations = createExpectations(() => undefined)

    await expect(tell([() => Promise.reject(new Error('must not be told'))], { expectations, signal: AbortSignal.abort() })).rejects.toThrow('This operation was aborted')
  })
})
