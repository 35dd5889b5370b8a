import type { Area } from '../mutation.ts'
import type { Check } from './check.ts'
import { everyEffect } from './checks/every-effect.ts'
import { fileStorage } from './checks/file-storage.ts'
import { holds } from './checks/holds.ts'
import { looks } from './checks/looks.ts'
import { polling } from './checks/polling.ts'
import { recordStorage } from './checks/record-storage.ts'
import { recoveryFallen } from './checks/recovery-fallen.ts'
import { recoveryIdle } from './checks/recovery-idle.ts'
import { recoveryLost } from './checks/recovery-lost.ts'
import { recoveryOpen } from './checks/recovery-open.ts'
import { recoveryOldColor } from './checks/recovery-old-color.ts'
import { recoveryUnwell } from './checks/recovery-unwell.ts'
import { rollouts } from './checks/rollouts.ts'
import { room } from './checks/room.ts'
import { surroundings } from './checks/surroundings.ts'

const areas: Readonly<Record<Area, readonly Check[]>> = {
  rollouts,
  recovery: [...recoveryIdle, ...recoveryLost, ...recoveryFallen, ...recoveryOpen, ...recoveryOldColor, ...recoveryUnwell, ...looks, ...room],
  holds: [...holds, ...polling],
  surroundings,
  storage: [...recordStorage, ...fileStorage],
}

/** Every check, those of one area first, those that take long last. */
export function allChecks(first: string | undefined): readonly Check[] {
  const inOrder = Object.entries(areas).toSorted(([one], [other]) => Number(other === first) - Number(one === first))
  return [...inOrder.flatMap(([, checks]) => checks), ...everyEffect]
}
