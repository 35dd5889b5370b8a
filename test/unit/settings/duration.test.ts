import { describe, expect, it } from 'vitest'
import { readDuration, readSize } from '../../../src/settings/duration.ts'

describe('a duration', () => {
  it.each([
    ['250ms', 250], ['90s', 90_000], ['14m', 840_000], ['1.5h', 5_400_000], ['1d', 86_400_000], ['10 s', 10_000], [5_000, 5_000], [0, 0], ['0s', 0],
  ])('%j is %i ms', (text, milliseconds) => {
    expect(readDuration(text)).toBe(milliseconds)
  })

  it.each(['soon', '10', '', 's', '-5s', -1, 1.5, '1e3s', '10S', '5 min', '5toString', null, true, [], Number.NaN, '25d', 2 ** 31])('%j is none', (value) => {
    expect(readDuration(value)).toBeNull()
  })
})

describe('a size', () => {
  it.each([['10GB', 10_000_000_000], ['500MB', 500_000_000], ['1.5kB', 1_500], ['100B', 100], [4096, 4096]])('%j is %i bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes)
  })

  it.each(['10', 'lots', '-1GB', '10gb', null])('%j is none', (value) => {
    expect(readSize(value)).toBeNull()
  })
})
