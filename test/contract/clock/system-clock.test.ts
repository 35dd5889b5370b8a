import { afterEach, vi } from 'vitest'
import { createSystemClock } from '../../../src/storage/system-clock.ts'
import { clockContract } from './suite.ts'

const rightTime = Date.now

afterEach(() => {
  vi.restoreAllMocks()
})

clockContract('the machine', () => {
  let ahead = 0
  return {
    clock: createSystemClock(),
    until: (promise) => promise,
    // Nobody may set the machine's own while others work on it.
    set: (by) => {
      ahead += by
      vi.spyOn(Date, 'now').mockImplementation(() => rightTime() + ahead)
    },
  }
})
