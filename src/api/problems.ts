import { STATUS_CODES } from 'node:http'
import type { ErrorCode, UpdaterError } from '../rollout/errors.ts'

/** Failures that only the API knows: the call never reached the updater, or broke it. */
type ApiCode = 'unknown_route' | 'method_not_allowed' | 'body_too_large' | 'headers_too_large' | 'request_timeout' | 'internal'

export type ProblemCode = ErrorCode | ApiCode

/** HTTP status of every failure (api-contract.md, "Errors"; docs/errors.md is held against this by a test). */
export const httpStatuses: Readonly<Record<ProblemCode, number>> = {
  // what an operation ended with: the contract's 500
  build_failed: 500,
  unhealthy: 500,
  gate_refused: 500,
  singleton_failed: 500,
  release_refused: 500,
  engine_unreachable: 500,
  engine_failed: 500,
  compose_failed: 500,
  image_missing: 500,
  disk_full: 500,
  routes_unwritable: 500,
  routes_unconfirmed: 500,
  tree_conflict: 500,
  exit_unseen: 500,
  limit_exceeded: 500,
  interrupted: 500,
  remote_unreachable: 500,
  tag_unsigned: 500,
  git_failed: 500,
  storage_failed: 500,
  record_damaged: 500,
  tag_moved: 500,
  cancelled: 500,
  // why a call was not taken on
  invalid_request: 400,
  unauthorized: 401,
  unknown_tag: 404,
  unknown_commit: 404,
  unknown_operation: 404,
  in_progress: 409,
  past_commit: 409,
  nothing_to_cancel: 409,
  inconsistent: 409,
  paused: 423,
  in_maintenance: 423,
  too_many_attempts: 429,
  authority_lost: 503,
  shutting_down: 503,
  not_durable: 503,
  observing: 503,
  invalid_settings: 503,
  // the API's own
  unknown_route: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  headers_too_large: 431,
  internal: 500,
}

/** An RFC 9457 problem document; `error` equals `detail`, so that the existing client reads it too. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly error: string
  readonly code: ProblemCode
  /** Further facts, such as the last log lines of a container. */
  readonly details?: Readonly<Record<string, unknown>>
}

export const problemType = 'application/problem+json'

export function problemOf(code: ProblemCode, sentence: string, details: Readonly<Record<string, unknown>> = {}): Problem {
  const status = httpStatuses[code]
  return {
    type: `urn:zetherion-updater:error:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: sentence,
    error: sentence,
    code,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
}

export function problemOfUpdaterError(error: UpdaterError): Problem {
  return problemOf(error.code, error.message, error.details)
}
