import { describe, expect, it } from 'vitest'
import { createExpectations, exitCodeOf } from '../../demo/expectations.ts'
import { tellExpectation } from '../../demo/printing/progress.ts'
import { createScreen } from '../../demo/printing/screen.ts'

describe('the expectations of a demo', () => {
  it('lead to exit code 0 when all of them held', () => {
    const expectations = createExpectations(() => undefined)
    expectations.expect(true, 'v1.1.0 answers')

    expect(exitCodeOf(expectations)).toBe(0)
  })

  it('lead to exit code 1 when one of them did not hold', () => {
    const expectations = createExpectations(() => undefined)
    expectations.expect(true, 'v1.1.0 answers')
    expectations.expect(false, '100 requests sent, 0 failed')
    expectations.expect(true, 'one bot')

    expect(exitCodeOf(expectations)).toBe(1)
  })

  it('lead to exit code 1 when nothing was expected at all', () => {
    expect(exitCodeOf(createExpectations(() => undefined))).toBe(1)
  })

  it('are told at once, with what was seen instead', () => {
    const lines: string[] = []
    const screen = createScreen({ write: (text) => lines.push(text), colored: false })
    const { expect: expectThat } = createExpectations((expectation) => tellExpectation(screen, expectation))
    expectThat(true, 'v1.1.0 answers', { skills: 'v1.1.0' })
    expectThat(false, 'v1.1.0 answers', { skills: 'v1.0.0' })

    expect(lines.join('')).toBe('          ✓ v1.1.0 answers\n          ✗ v1.1.0 answers\n            seen instead: {"skills":"v1.0.0"}\n')
  })
})
