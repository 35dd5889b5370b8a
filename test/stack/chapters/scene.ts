import type { WholeStack } from '../harness/whole-stack.ts'

/** What the chapters of the stack's story share. */
export interface Scene {
  readonly stack: WholeStack
  /** The probe, built, on this machine. */
  readonly probe: string
}

export type Here = () => Scene
