import { randomBytes } from 'node:crypto'
import type { Random } from '../rollout/ports.ts'

/** The operating system's chance. */
export function createSystemRandom(): Random {
  return { token: () => randomBytes(16).toString('hex') }
}
