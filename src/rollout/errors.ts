/**
 * Whose fault a failure is; decides about quarantine and pause (design.md, "Causes, holds, quarantine").
 * `request` never becomes an attempt; `operator` is a cancel, a pause or a clean stop.
 */
export type Cause = 'release' | 'surroundings' | 'interruption' | 'remote' | 'integrity' | 'operator' | 'request'

/** Every failure this software can name, with its cause. docs/errors.md is held against this list by a test. */
export const errorCauses = {
  // the release
  build_failed: 'release',
  unhealthy: 'release',
  gate_refused: 'release',
  singleton_failed: 'release',
  release_refused: 'release',
  // the surroundings
  engine_unreachable: 'surroundings',
  engine_failed: 'surroundings',
  compose_failed: 'surroundings',
  image_missing: 'surroundings',
  disk_full: 'surroundings',
  routes_unwritable: 'surroundings',
  routes_unconfirmed: 'surroundings',
  git_failed: 'surroundings',
  tree_conflict: 'surroundings',
  exit_unseen: 'surroundings',
  limit_exceeded: 'surroundings',
  interrupted: 'interruption',
  // the remote
  remote_unreachable: 'remote',
  tag_unsigned: 'remote',
  // integrity
  storage_failed: 'integrity',
  record_damaged: 'integrity',
  tag_moved: 'integrity',
  authority_lost: 'integrity',
  // the operator
  cancelled: 'operator',
  shutting_down: 'operator',
  // the request
  invalid_request: 'request',
  unauthorized: 'request',
  too_many_attempts: 'request',
  unknown_tag: 'request',
  unknown_commit: 'request',
  unknown_operation: 'request',
  in_progress: 'request',
  paused: 'request',
  in_maintenance: 'request',
  past_commit: 'request',
  nothing_to_cancel: 'request',
  inconsistent: 'request',
  not_durable: 'request',
  observing: 'request',
  // settings
  invalid_settings: 'request',
} as const satisfies Record<string, Cause>

/** Name of a failure, stable for scripts. */
export type ErrorCode = keyof typeof errorCauses

/** A failure that an operator can act on: a code, one sentence, and what led to it. */
export class UpdaterError extends Error {
  readonly code: ErrorCode
  /** Further facts for the log and the API (never a secret); `logs` are the last output lines of what failed, oldest first. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UpdaterError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** Another updater took over: what is open is its to finish, and nothing may be written any more (I5). */
export function isLost(error: unknown): error is UpdaterError {
  return error instanceof UpdaterError && error.code === 'authority_lost'
}

/** The record cannot be written: what was intended was not begun, or its outcome is not kept. */
export function isStorage(error: unknown): boolean {
  return error instanceof UpdaterError && error.code === 'storage_failed'
}

/** The cause of any thrown value; what nobody foresaw counts as the surroundings, never as the release. */
export function causeOf(error: unknown): Cause {
  return error instanceof UpdaterError ? errorCauses[error.code] : 'surroundings'
}

/** One sentence for an operator out of any thrown value. */
export function sentenceOf(error: unknown): string {
  return shortened(error instanceof Error ? error.message : String(error), longestSentence)
}

/** The last output lines that an error carries; empty when it has none. */
export function outputOf(error: unknown): string[] {
  const logs = error instanceof UpdaterError ? error.details['logs'] : undefined
  return Array.isArray(logs) ? logs.slice(-mostLines).map((line) => shortened(String(line), longestLine)) : []
}

/** Of what a failure says, record and history keep no more than somebody reads (I9): a build may well say megabytes. Characters. */
const longestSentence = 16_000
const longestLine = 500
const mostLines = 50

function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** A reason that somebody gave, as a sentence among others. */
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** The sentence of a text that may go on with output. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
