import { drivenClock } from '../../unit/rollout/driven-clock.ts'
import { handClock } from '../../unit/polling/hand-clock.ts'
import { clockContract } from './suite.ts'

clockContract('the simulated world', () => {
  const clock = drivenClock()
  const rightTime = clock.now.bind(clock)
  let ahead = 0
  clock.now = () => rightTime() + ahead
  return {
    clock,
    until: (promise) => clock.drive(promise),
    set: (by) => {
      ahead += by
    },
  }
})

clockContract('one that a test moves by hand', () => {
  const clock = handClock('2026-11-21T12:00:00.000Z')
  return {
    clock,
    async until(promise) {
      const end = promise.then(() => 'ended', () => 'ended')
      while ((await Promise.race([end, Promise.resolve('not yet')])) === 'not yet') await clock.advance(1)
      return promise
    },
    set: (by) => clock.set(by),
  }
})
