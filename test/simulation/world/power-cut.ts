import type { Survival } from './disk.ts'
import type { Effect, Interference } from './effects.ts'
import type { World } from './world.ts'

/** Where in an effect the power goes. */
export type CutMoment = 'before' | 'after'

/** Nothing survives but what was synced. */
export const leastSurvives: Survival = () => 0
/** All of it survives. */
export const allSurvives: Survival = () => 1 - Number.EPSILON

/** The host loses its power at the first effect that the choice accepts; the daemon has to be started again. */
export function powerCutOnce(world: World, choice: (effect: Effect) => boolean, moment: CutMoment, survival: Survival): Interference {
  let used = false
  return async (effect, run) => {
    if (used || !choice(effect)) return run()
    used = true
    if (moment === 'after') await run().catch(() => undefined) // nobody is left to hear of it
    world.powerCut(survival)
    return new Promise(() => undefined)
  }
}
