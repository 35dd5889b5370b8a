import { holdMutations } from './list/holds.ts'
import { journalMutations } from './list/journal.ts'
import { lookMutations } from './list/looks.ts'
import { oldColorMutations } from './list/old-color.ts'
import { orderMutations } from './list/order.ts'
import { recoveryMutations } from './list/recovery.ts'
import { roomMutations } from './list/room.ts'
import { storageMutations } from './list/storage.ts'
import { undoMutations } from './list/undo.ts'
import type { Area, Mutation } from './mutation.ts'

/** A mistake, and where it is looked for first. */
export interface Placed extends Mutation {
  readonly area: Area
}

/** Every deliberate mistake that the simulation has to find. */
export const mutations: readonly Placed[] = [
  ...placed('rollouts', orderMutations),
  ...placed('rollouts', undoMutations),
  ...placed('surroundings', journalMutations),
  ...placed('recovery', recoveryMutations),
  ...placed('recovery', oldColorMutations),
  ...placed('recovery', lookMutations),
  ...placed('recovery', roomMutations),
  ...placed('holds', holdMutations),
  ...placed('storage', storageMutations),
]

function placed(area: Area, list: readonly Mutation[]): Placed[] {
  return list.map((mutation) => ({ ...mutation, area }))
}
