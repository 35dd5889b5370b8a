import { describe, expect, it } from 'vitest'
import { readArguments } from '../../demo/arguments.ts'

describe('the flags of the demo', () => {
  it('are none by default: plain processes, ended at the end', () => {
    expect(readArguments([], {})).toEqual({ kind: 'run', docker: false, keep: false })
  })

  it('may ask for an engine, and for a stack that stays', () => {
    expect(readArguments(['--docker', '--keep'], {})).toEqual({ kind: 'run', docker: true, keep: true })
  })

  it('may end what stayed, and nothing else with it', () => {
    expect(readArguments(['--end', '/tmp/kept'], {})).toEqual({ kind: 'end', directory: '/tmp/kept' })
    expect(readArguments(['--end', '/tmp/kept', '--keep'], {})).toEqual({ kind: 'wrong', sentence: '--end stands alone' })
  })

  it.each([
    [['--fast'], "Unknown option '--fast'"],
    [['v1.1.0'], "Unexpected argument 'v1.1.0'"],
    [['--end'], "Option '--end <value>' argument missing"],
    [['--keep=yes'], "Option '--keep' does not take an argument"],
  ])('are refused when they are wrong: %s', (argv, sentence) => {
    expect(readArguments(argv, {})).toEqual({ kind: 'wrong', sentence: expect.stringContaining(sentence) })
  })

  it('that npm took for itself are told, instead of running without them', () => {
    expect(readArguments([], { npm_config_keep: 'true' })).toEqual({ kind: 'wrong', sentence: 'npm kept --keep for itself; write: npm run demo -- --keep' })
  })
})
