import type { OpenOperation, Release } from '../model.ts'
import type { Singleton } from '../topology.ts'

/** The release that a singleton ran when the operation was opened, and to which an undo brings it back. */
export function homeOf({ from, singletonsBefore }: OpenOperation, { service }: Singleton): Release {
  return singletonsBefore.find((before) => before.service === service)?.release ?? from
}
