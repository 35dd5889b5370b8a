import type { Check } from './check.ts'
import { everyEffect } from './checks/every-effect.ts'
import { holds } from './checks/holds.ts'
import { polling } from './checks/polling.ts'
import { recoveryIdle } from './checks/recovery-idle.ts'
import { recoveryOpen } from './checks/recovery-open.ts'
import { rollouts } from './checks/rollouts.ts'
import { surroundings } from './checks/surroundings.ts'

/** In the order in which they find most in the least time. */
export function allChecks(): readonly Check[] {
  return [...rollouts, ...recoveryIdle, ...recoveryOpen, ...holds, ...polling, ...surroundings, ...everyEffect]
}
