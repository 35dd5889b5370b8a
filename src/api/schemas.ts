import * as Type from 'typebox'
import type { Static, TSchema } from 'typebox'

/*
 * What goes over the wire (api-contract.md). Keys beyond the contract's are ours; none of the contract's may be renamed,
 * dropped or change type. `description` is what an error says of a field.
 */

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const text = nullable(Type.String())
const color = Type.Union([Type.Literal('blue'), Type.Literal('green')])
const time = Type.String({ description: 'ISO 8601 UTC' })

export const updateResult = Type.Object({
  status: Type.Union([Type.Literal('success'), Type.Literal('failed'), Type.Literal('rolled_back')]),
  previous_sha: text,
  new_sha: text,
  active_color: color,
  target_color: color,
  paused: Type.Boolean(),
  pause_reason: text,
  steps_completed: Type.Array(Type.String()),
  error: text,
  duration_seconds: Type.Number(),
  started_at: time,
  completed_at: time,
  operation_id: Type.String(),
  warnings: Type.Array(Type.String()),
})
export type UpdateResultAnswer = Static<typeof updateResult>

const release = Type.Object({ tag: Type.String(), version: Type.String(), sha: Type.String() })
export type WireRelease = Static<typeof release>

const operation = Type.Object({
  id: Type.String(),
  kind: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
  origin: Type.String(),
  target: release,
  from: release,
  from_color: color,
  target_color: color,
  phase: Type.String(),
  step: text,
  steps_completed: Type.Array(Type.String()),
  warnings: Type.Array(Type.String()),
  started_at: time,
  error: text,
  pause_requested: text,
  interruptions: Type.Integer({ description: 'how often the updater was found to have ended in its middle' }),
})
export type WireOperation = Static<typeof operation>

export const maintenance = Type.Object({ reason: Type.String(), by: Type.String(), since: time })
export type WireMaintenance = Static<typeof maintenance>

const statusKeys = {
  state: Type.Union([Type.Literal('idle'), Type.Literal('updating'), Type.Literal('rolling_back')]),
  current_operation: text,
  last_result: nullable(updateResult),
  uptime_seconds: Type.Number(),
  active_color: nullable(color),
  paused: Type.Boolean(),
  pause_reason: text,
  last_checked_at: text,
  last_attempted_tag: text,
  last_good_tag: text,
  last_success_at: text,
  last_failure_at: text,
  resumed_at: text,
  operation: nullable(operation),
  active: nullable(release),
  previous: Type.Array(release),
  holds: Type.Array(Type.Object({ reason: Type.String(), origin: Type.String(), since: time })),
  maintenance: nullable(maintenance),
  quarantine: Type.Array(Type.Object({ commit: Type.String(), tag: Type.String(), reason: Type.String(), since: time })),
  observing: text,
  findings: Type.Array(Type.String()),
  polling: Type.Object({
    enabled: Type.Boolean(),
    last_look_at: text,
    next_look_at: text,
    newest: nullable(Type.Object({ tag: Type.String(), sha: Type.String() })),
    outcome: text,
  }),
}
export const status = Type.Object(statusKeys)
export type StatusAnswer = Static<typeof status>

const container = Type.Object({
  id: Type.String(),
  service: Type.String(),
  state: Type.String(),
  health: Type.String(),
  image_id: Type.String(),
  sha: text,
  restarts: Type.Number(),
  exit_code: nullable(Type.Number()),
  started_at: text,
})
export type WireContainer = Static<typeof container>

const finding = Type.Object({
  id: Type.String({ description: 'stable; docs/doctor.md has a row for each' }),
  verdict: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('wrong'), Type.Literal('not_checked')]),
  found: Type.String({ description: 'one sentence' }),
  advice: nullable(Type.String({ description: 'what to do, in one sentence' })),
})
export type WireFinding = Static<typeof finding>

export const diagnostics = Type.Object({
  ...statusKeys,
  git_sha: text,
  git_ref: text,
  git_clean: Type.Boolean(),
  git_problem: text,
  containers: Type.Array(container),
  containers_problem: text,
  checks: Type.Array(finding),
  disk_usage: Type.Array(
    Type.Object({ path: Type.String(), total_bytes: nullable(Type.Number()), free_bytes: nullable(Type.Number()), used_percent: nullable(Type.Number()), problem: text }),
  ),
})
export type DiagnosticsAnswer = Static<typeof diagnostics>

export const history = Type.Object({
  entries: Type.Array(Type.Object({ tag: Type.String(), version: Type.String(), result: updateResult, timestamp: time })),
})
export type HistoryAnswer = Static<typeof history>

export const operationAnswer = Type.Object({
  state: Type.Union([Type.Literal('running'), Type.Literal('ended'), Type.Literal('refused')]),
  operation: nullable(operation),
  result: nullable(updateResult),
  error: text,
  code: text,
})
export type OperationAnswer = Static<typeof operationAnswer>

/** RFC 9457, with `error` for the existing client. */
export const problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  error: Type.String({ description: 'equal to detail' }),
  code: Type.String(),
})
