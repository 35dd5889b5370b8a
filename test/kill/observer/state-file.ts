import { createHash } from 'node:crypto'
import { inner } from './json.ts'

/** What a whole state file says, as far as it is watched. */
export interface SeenState {
  readonly sequence: number
  readonly epoch: number
  readonly activeColor: string
  readonly activeTag: string
  readonly activeCommit: string
  readonly generation: string | null
  readonly paused: boolean
  /** Each hold by what makes it that one. */
  readonly holds: readonly string[]
  readonly failuresInARow: number
  readonly operation: SeenOperation | null
}

export interface SeenOperation {
  readonly id: string
  readonly phase: string
  readonly step: string | null
  readonly fromColor: string
  readonly fromTag: string
  readonly targetTag: string
  /** Why it has turned round: the cause's name; null while it has not. */
  readonly cause: string | null
  readonly interruptions: number
}

/** Reads a state file. @throws Error that says what is missing from a complete one */
export function readSeenState(text: string): SeenState {
  const content: unknown = JSON.parse(text)
  if (typeof content !== 'object' || content === null) throw new Error('it is no JSON object')
  const { checksum, ...summed } = { checksum: undefined, ...content }
  if (checksum !== `sha256:${createHash('sha256').update(JSON.stringify(summed)).digest('hex')}`) throw new Error('its checksum is another one')
  return {
    sequence: numberAt(content, 'sequence'),
    epoch: numberAt(content, 'record', 'epoch'),
    activeColor: textAt(content, 'active_color'),
    activeTag: textAt(content, 'record', 'active', 'tag'),
    activeCommit: textAt(content, 'record', 'active', 'commit'),
    generation: maybeTextAt(content, 'record', 'generation'),
    paused: inner(content, 'paused') === true,
    holds: listAt(content, 'record', 'holds').map((hold) => `${textAt(hold, 'since')} ${textAt(hold, 'origin')}: ${textAt(hold, 'reason')}`),
    failuresInARow: numberAt(content, 'record', 'failuresInARow'),
    operation: readOperation(inner(content, 'record', 'operation')),
  }
}

function readOperation(operation: unknown): SeenOperation | null {
  if (operation === null) return null
  return {
    id: textAt(operation, 'id'),
    phase: textAt(operation, 'phase'),
    step: maybeTextAt(operation, 'step'),
    fromColor: textAt(operation, 'fromColor'),
    fromTag: textAt(operation, 'from', 'tag'),
    targetTag: textAt(operation, 'target', 'tag'),
    cause: inner(operation, 'failure') === null ? null : textAt(operation, 'failure', 'cause'),
    interruptions: numberAt(operation, 'interruptions'),
  }
}

function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = inner(value, ...path)
  if (typeof found !== 'number') throw new Error(`its ${path.join('.')} is no number`)
  return found
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const found = inner(value, ...path)
  if (typeof found !== 'string') throw new Error(`its ${path.join('.')} is no text`)
  return found
}

function maybeTextAt(value: unknown, ...path: readonly string[]): string | null {
  return inner(value, ...path) === null ? null : textAt(value, ...path)
}

function listAt(value: unknown, ...path: readonly string[]): unknown[] {
  const found = inner(value, ...path)
  if (!Array.isArray(found)) throw new Error(`its ${path.join('.')} is no list`)
  return found
}
