import { failureOf, withHold } from '../rollout/consequences.ts'
import type { Context } from '../rollout/context.ts'
import { isFrom, isOfRelease, look } from '../rollout/engine.ts'
import { UpdaterError, causeOf, firstLine, isLost, sentenceOf } from '../rollout/errors.ts'
import { appendHistory } from '../rollout/history.ts'
import { changeOperation } from '../rollout/journal.ts'
import { withKnownTag } from '../rollout/known-tags.ts'
import type { Container, OpenOperation, Release, SingletonBefore, UpdateResult, UpdaterRecord } from '../rollout/model.ts'
import type { Patience } from '../rollout/recovery/patience.ts'
import { reconcile } from '../rollout/recovery/reconcile.ts'
import { wantRoom } from '../rollout/recovery/room.ts'
import { resultOf } from '../rollout/results.ts'
import { retire, rollOut } from '../rollout/rollout.ts'
import { otherColor, singletonServices } from '../rollout/topology.ts'
import { refuseForgotten } from './forgotten.ts'
import { obstacleTo } from './obstacles.ts'
import type { ApplyRequest, Origin } from './service.ts'
import { releaseOfCommit, releaseOfTag } from './targets.ts'

/** What was asked for. */
export type Wish =
  | { readonly kind: 'apply' } & ApplyRequest
  | { readonly kind: 'rollback'; readonly commit: string; readonly origin: Origin }

/** One operation from the wish to its end. */
export interface Attempt {
  readonly id: string
  readonly wish: Wish
  /** Ended by cancel, pause and shutdown. */
  readonly context: Context
  /** Ended by shutdown only: undo and retiring go on after a cancel. */
  readonly lasting: Context
  readonly patience: Patience
  /** The step that turned it round; null when none did. */
  failedStep(): string | null
  /** Called once the operation is open, durably: whatever becomes of this process, it is brought to an end. */
  opened(): void
  /** Called once, as soon as the outcome is certain and durable. */
  answer(result: UpdateResult): void
}

/**
 * Carries out a wish. Answers at the commit point or when everything was undone; returns when the operation is closed.
 * @throws an error of cause `request` when nothing was attempted; shutting_down when it was left open for the next start
 */
export async function carryOutWish(attempt: Attempt): Promise<void> {
  const { context, lasting, patience } = attempt
  const before = await reconcile(lasting, patience, { hurry: true })
  if (before.row === 2) return refuse(attempt, new UpdaterError('engine_unreachable', `Nothing was begun. ${before.why}`))
  if (!before.settled) throw new UpdaterError('inconsistent', `Nothing was begun, because the stack is not as the record says: ${before.why}`)

  await refuseForgotten(lasting)
  // What recovery has just found may hold rollouts.
  const obstacle = obstacleTo(attempt.wish.kind, context.journal.record)
  if (obstacle !== null) throw obstacle

  const target = await findTarget(attempt)
  if (target === null) return
  await open(attempt, target)
  try {
    await rollOut(context)
  } catch (error) {
    await turnRound(attempt, error)
    return
  }
  answerWithLast(attempt)
  await retire(lasting)
  wantRoom(patience)
}

/** The target of the wish; null when the answer is given already: it runs, or it could not be asked for. */
async function findTarget(attempt: Attempt): Promise<Release | null> {
  const { context, wish } = attempt
  const { record } = context.journal
  try {
    const target = wish.kind === 'apply'
      ? await releaseOfTag(context, record, wish)
      : await releaseOfCommit(context, record, wish.commit)
    if (target.commit !== record.active.commit) return target
    attempt.answer(resultOf(record, draft(attempt, target, now(context)), 'success', null, now(context)))
    return null
  } catch (error) {
    if (causeOf(error) === 'request' || causeOf(error) === 'operator') throw error
    await refuse(attempt, error)
    return null
  }
}

/** An attempt that ended before anything was begun, such as at an unreachable remote: told, but nothing is counted against the release. */
async function refuse(attempt: Attempt, error: unknown): Promise<void> {
  const { context, wish } = attempt
  const { record } = context.journal
  const tag = wish.kind === 'apply' ? wish.tag : wish.commit
  const at = now(context)
  const runningTagMoved = error instanceof UpdaterError && error.code === 'tag_moved' && tag === record.active.tag
  const operation = draft(attempt, { tag, version: tag, commit: '' }, at)
  await context.journal.note((current) => {
    const holds = runningTagMoved ? withHold(current.holds, { reason: sentenceOf(error), origin: 'tag_moved', since: at }) : current.holds
    const next = { ...current, holds, lastFailureAt: at, lastAttemptedTag: tag }
    return { ...next, lastResult: resultOf(next, operation, 'failed', sentenceOf(error), at) }
  })
  const result = context.journal.record.lastResult
  if (result === null) return
  await appendHistory(context, { tag, version: wish.kind === 'apply' ? wish.version : 'rollback', result, timestamp: at })
  attempt.answer(result)
}

async function open(attempt: Attempt, target: Release): Promise<void> {
  const { context } = attempt
  const { topology } = context.settings
  const singletons = await look(context, singletonServices(topology))
  const operation: OpenOperation = {
    ...draft(attempt, target, now(context)),
    singletonsBefore: singletons.map((container) => singletonBefore(context.journal.record, container)),
  }
  await context.journal.commit((current) => {
    const obstacle = obstacleTo(attempt.wish.kind, current)
    // A pause whose write was still under way when it was looked for.
    if (obstacle !== null) throw obstacle
    const knownTags = attempt.wish.kind === 'apply' ? withKnownTag(current, target) : current.knownTags
    return { ...current, operation, lastAttemptedTag: target.tag, knownTags }
  })
  attempt.opened()
}

/** One that was put back beside a kept color (R10) is of an earlier release than what else runs. */
function singletonBefore({ active, lastGood, previous }: UpdaterRecord, container: Container): SingletonBefore {
  const { service, id, imageId } = container
  const before = { service, containerId: id, imageId }
  if (isOfRelease(container, active)) return before
  const release = [lastGood, ...previous].find((one) => one !== null && isFrom(container, one))
  return release ? { ...before, release } : before
}

/** Undoes after a failure, by the very path that recovery takes after a crash. */
async function turnRound(attempt: Attempt, error: unknown): Promise<void> {
  const { lasting, patience } = attempt
  const { journal, ports } = lasting
  if (isLost(error)) throw error
  ports.log.error(`${journal.operation.target.tag} failed: ${sentenceOf(error)}`, error instanceof UpdaterError ? error.details : {})
  await journal.note(changeOperation((operation) => ({ ...operation, failure: failureOf(error, attempt.failedStep() ?? operation.step) })))
  let why: string
  try {
    lasting.signal.throwIfAborted()
    why = (await reconcile(lasting, patience)).why
  } catch (undoError) {
    if (isLost(undoError)) throw undoError
    why = sentenceOf(undoError)
    // What recovery did once the operation was closed is the watch's to repeat; the outcome is certain.
    if (journal.record.operation !== null) {
      if (lasting.signal.aborted) throw undoError
      ports.log.error('The undo is not complete; it is tried again until it is.', { error: why })
    }
  }
  if (journal.record.operation !== null) await holdUnverified(attempt, why)
  answerWithLast(attempt)
}

/** The undo could not be verified: held, told, and the operation stays open until it can (api-contract.md, `failed`). */
async function holdUnverified(attempt: Attempt, why: string): Promise<void> {
  const { journal } = attempt.lasting
  const { operation } = journal
  const at = now(attempt.lasting)
  const sentence = `${firstLine(operation.failure?.sentence ?? 'The rollout failed.')} The undo is not complete and goes on by itself: ${why}`
  await journal.note((record) => {
    const next = { ...record, holds: withHold(record.holds, { reason: sentence, origin: 'recovery', since: at }) }
    return { ...next, lastResult: resultOf(next, operation, 'failed', sentence, at) }
  })
}

function answerWithLast(attempt: Attempt): void {
  const { lastResult } = attempt.lasting.journal.record
  if (lastResult === null) throw new Error('an operation ended without a result')
  attempt.answer(lastResult)
}

function draft(attempt: Attempt, target: Release, startedAt: string): OpenOperation {
  const { record } = attempt.context.journal
  return {
    id: attempt.id,
    kind: attempt.wish.kind,
    origin: attempt.wish.origin,
    target,
    from: record.active,
    fromColor: record.activeColor,
    targetColor: otherColor(record.activeColor),
    phase: 'preparing',
    step: null,
    stepsCompleted: [],
    warnings: [],
    startedAt,
    topology: attempt.context.settings.topology,
    generations: null,
    singletonsBefore: [],
    failure: null,
    pauseRequested: null,
    interruptions: 0,
    stoppedCleanly: false,
  }
}

function now(context: Context): string {
  return new Date(context.ports.clock.now()).toISOString()
}
