import type { Routes } from '../../../src/rollout/model.ts'
import type { Color } from '../../../src/rollout/topology.ts'

/** What a routes file of the simulated world says. The real form is held by the router's contract suite. */
export interface RoutesText {
  readonly active: Color
  readonly generation: string | null
  readonly sequence: number | null
}

/** The text of one version. */
export function textOf({ active, generation, sequence, topology }: Routes): string {
  return JSON.stringify({ active, generation, sequence, topology })
}

/** The predecessor's plain form. */
export function plainText(active: Color): string {
  return JSON.stringify({ active })
}

/** Null when it cannot be told what the file serves. */
export function readText(text: string): RoutesText | null {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('active' in parsed)) return null
    const { active } = parsed
    if (active !== 'blue' && active !== 'green') return null
    const generation = 'generation' in parsed && typeof parsed.generation === 'string' ? parsed.generation : null
    const sequence = 'sequence' in parsed && typeof parsed.sequence === 'number' ? parsed.sequence : null
    return { active, generation, sequence }
  } catch {
    return null // The caller says that it is unreadable.
  }
}
