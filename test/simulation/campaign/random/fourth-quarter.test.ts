import { expect, test } from 'vitest'
import { playWithLightSignals } from '../light-signals.ts'
import { limitOfTest, playOrdered } from './ordered.ts'

playWithLightSignals()

test('random schedules, fourth quarter: every rule holds after every effect, and all comes to rest', async (context) => {
  const failure = await playOrdered(context, 3)
  expect(failure, failure ?? '').toBeNull()
}, limitOfTest())
