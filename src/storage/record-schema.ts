import * as Type from 'typebox'
import type { Static, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { errorCauses } from '../rollout/errors.ts'
import type { Cause, ErrorCode } from '../rollout/errors.ts'

/*
 * The record's body as it lies on disk. A file is a boundary: whatever is read is held against this before the core
 * sees it. The static types are held against src/rollout/model.ts by the compiler where record-file.ts builds its
 * record from them.
 */

const Text = Type.String()
const MaybeText = Type.Union([Type.String(), Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Color = Type.Union([Type.Literal('blue'), Type.Literal('green')])
const Code = Type.Unsafe<ErrorCode>({ type: 'string', enum: Object.keys(errorCauses) })
const FailureCause = Type.Unsafe<Cause>({ type: 'string', enum: [...new Set(Object.values(errorCauses))] })
const AnyObject = Type.Record(Type.String(), Type.Unknown())

const Release = Type.Object({ tag: Text, version: Text, commit: Text })

const Hold = Type.Object({
  reason: Text,
  origin: Type.Union([Type.Literal('operator'), Type.Literal('recovery'), Code]),
  since: Text,
})

const Group = Type.Object({
  name: Text,
  services: Type.Object({ blue: Text, green: Text }),
  port: Count,
  healthPath: Text,
  entryPoint: Text,
  router: Type.Object({
    rule: Type.Optional(Text),
    priority: Type.Optional(Type.Integer()),
    middlewares: Type.Optional(Type.Array(Text)),
    tls: Type.Optional(AnyObject),
  }),
})

const Topology = Type.Object({
  groups: Type.Array(Group),
  singletons: Type.Array(Type.Object({ name: Text, service: Text })),
})

const OpenOperation = Type.Object({
  id: Text,
  kind: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
  origin: Text,
  target: Release,
  from: Release,
  fromColor: Color,
  targetColor: Color,
  phase: Type.Union([
    Type.Literal('preparing'), Type.Literal('switching'), Type.Literal('swapping'), Type.Literal('retiring'),
  ]),
  step: MaybeText,
  stepsCompleted: Type.Array(Text),
  warnings: Type.Array(Text),
  startedAt: Text,
  topology: Topology,
  generations: Type.Union([Type.Object({ target: Text, back: Text }), Type.Null()]),
  singletonsBefore: Type.Array(Type.Object({ service: Text, containerId: Text, imageId: Text, release: Type.Optional(Release) })),
  failure: Type.Union([Type.Object({ code: Code, cause: FailureCause, sentence: Text, step: MaybeText }), Type.Null()]),
  pauseRequested: MaybeText,
  interruptions: Count,
  stoppedCleanly: Type.Boolean(),
})

const UpdateResult = Type.Object({
  operationId: Text,
  status: Type.Union([Type.Literal('success'), Type.Literal('failed'), Type.Literal('rolled_back')]),
  previousSha: MaybeText,
  newSha: MaybeText,
  activeColor: Color,
  targetColor: Color,
  paused: Type.Boolean(),
  pauseReason: MaybeText,
  stepsCompleted: Type.Array(Text),
  error: MaybeText,
  warnings: Type.Array(Text),
  durationSeconds: Type.Number(),
  startedAt: Text,
  completedAt: Text,
})

const RecordBody = Type.Object({
  epoch: Count,
  activeColor: Color,
  active: Release,
  lastGood: Type.Union([Release, Type.Null()]),
  previous: Type.Array(Release),
  generation: MaybeText,
  operation: Type.Union([OpenOperation, Type.Null()]),
  holds: Type.Array(Hold),
  // Records from before there was a maintenance mode have none.
  maintenance: Type.Optional(Type.Union([Type.Object({ reason: Text, by: Text, since: Text }), Type.Null()])),
  topology: Type.Optional(Type.Union([Topology, Type.Null()])),
  quarantine: Type.Array(Type.Object({ commit: Text, tag: Text, reason: Text, since: Text })),
  knownTags: Type.Record(Type.String(), Text),
  failuresInARow: Count,
  lastBuildBytes: Type.Number(),
  lastResult: Type.Union([UpdateResult, Type.Null()]),
  lastCheckedAt: MaybeText,
  lastAttemptedTag: MaybeText,
  lastSuccessAt: MaybeText,
  lastFailureAt: MaybeText,
  resumedAt: MaybeText,
})

/** What every file of ours holds at its top level besides the keys for older readers. */
const Envelope = Type.Object({ schema: Type.Integer(), sequence: Count, checksum: Text, record: RecordBody })

/** Keys of the predecessor, all of them optional (api-contract.md, "State file"). */
const PredecessorKeys = Type.Object({
  active_color: Type.Optional(Type.Union([Color, Type.Null()])),
  last_good_tag: Type.Optional(MaybeText),
  paused: Type.Optional(Type.Boolean()),
  pause_reason: Type.Optional(MaybeText),
  last_checked_at: Type.Optional(MaybeText),
  last_attempted_tag: Type.Optional(MaybeText),
  last_success_at: Type.Optional(MaybeText),
  last_failure_at: Type.Optional(MaybeText),
  resumed_at: Type.Optional(MaybeText),
})

const HistoryLine = Type.Object({ tag: Text, version: Text, result: UpdateResult, timestamp: Text })

/** A check that narrows, with the reason of the last refusal. */
interface Check<T> {
  (value: unknown): value is T
  /** `/record/operation/phase must be equal to …`; of the last call. */
  reason(): string
}

/**
 * Each is compiled at its first use. By TypeBox itself: a start has to read the record before it can bring anything back,
 * and Ajv takes ten times as long to compile this one (200 ms where TypeBox takes 20).
 */
export interface StorageChecks {
  readonly envelope: Check<Static<typeof Envelope>>
  readonly predecessor: Check<Static<typeof PredecessorKeys>>
  readonly historyLine: Check<Static<typeof HistoryLine>>
}

export function createStorageChecks(): StorageChecks {
  return { envelope: checkFor(Envelope), predecessor: checkFor(PredecessorKeys), historyLine: checkFor(HistoryLine) }
}

function checkFor<Schema extends TSchema>(schema: Schema): Check<Static<Schema>> {
  let validator: Validator | undefined
  let refused: unknown
  const check = (value: unknown): value is Static<Schema> => {
    validator ??= Compile(schema)
    const fits = validator.Check(value)
    refused = fits ? null : value
    return fits
  }
  const reason = (): string => [...new Set(validator?.Errors(refused).map(({ instancePath, message }) => `${instancePath} ${message}`))].join(', ')
  return Object.assign(check, { reason })
}
