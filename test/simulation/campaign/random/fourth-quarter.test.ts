import { afterAll, beforeAll, expect, test } from 'vitest'
import { useLightAbort } from '../../world/light-abort.ts'
import { limitOfTest, playOrdered } from './ordered.ts'

let restore: () => void = () => undefined
beforeAll(() => {
  restore = useLightAbort()
})
afterAll(() => restore())

test('random schedules, fourth quarter: every rule holds after every effect, and all comes to rest', async (context) => {
  const failure = await playOrdered(context, 3)
  expect(failure, failure ?? '').toBeNull()
}, limitOfTest())
