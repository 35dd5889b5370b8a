import { awaySince } from '../bot.ts'
import { seconds } from '../printing/screen.ts'
import { lastAnswerOf, servesNow } from '../serving.ts'
import type { Chapter, Stage } from '../stage.ts'
import type { Watched } from '../watch.ts'
import { runningServices, servicesOn, shortly, statusOf } from './answers.ts'
import { carriedOut } from './carried-out.ts'

/** A release that must be undone, and how that looks. */
export interface Bad {
  readonly tag: string
  /** What is wrong with it, in two or three words. */
  readonly fault: string
  /** The step that must refuse it, without the color. */
  readonly refusedAt: RegExp
  /** `rolled_back`: traffic or bot had moved; `failed`: nothing had. */
  readonly status: 'failed' | 'rolled_back'
  /** Asked for while paused, in vain. */
  readonly next: string
}

/** The traffic is back within this after a failure, ms (design.md). */
const backWithin = 1_000

/** A release that must not stay: undone, rollouts paused with the reason, a further apply refused; then unpaused. */
export function badRelease({ tag, fault, refusedAt, status, next }: Bad): Chapter {
  return async (stage) => {
    const { stack, screen, expectations: { expect } } = stage
    screen.line()
    screen.moment(screen.paint('bold', `${tag}, ${fault}: ${stack.project.release(tag).description}`))
    await stack.project.publish(tag)
    const before = await statusOf(stage)
    const { answer, operation } = await carriedOut(stage, () => stack.skills.post('/update/apply', { tag, version: tag.slice(1) }))
    const failed = operation.steps.find((step) => step.failed)
    const { body } = answer
    expect(
      answer.status === 500 && body['status'] === status && failed !== undefined && refusedAt.test(failed.step),
      `refused at ${failed?.step ?? 'no step'} and undone: answered 500 “${status}”`,
      { status: answer.status, body },
    )
    screen.line(screen.paint('dim', `            “${shortly(body['error'])}”`))
    await expectAsBefore(stage, operation, { tag, good: String(before['last_good_tag']), color: before['active_color'] })
    await expectPaused(stage, tag, next)
    stage.told.push({ title: tag, result: status, operation, botAway: awaySince(await stack.gateway(), operation.opened) })
  }
}

async function expectAsBefore(stage: Stage, operation: Watched, { tag, good, color }: { tag: string; good: string; color: unknown }): Promise<void> {
  const { stack, load, expectations: { expect } } = stage
  const now = servesNow(load.served)
  const services = await runningServices(stage)
  const { overlaps, open } = await stack.gateway()
  const switched = operation.steps.some(({ step, failed }) => step === 'route_switch' && !failed)
  const last = lastAnswerOf(load.served, tag, operation.opened)
  const failedAt = operation.steps.find(({ failed }) => failed)?.at ?? operation.opened
  if (switched) {
    const after = last === null ? 0 : Math.max(0, last - failedAt)
    expect(last !== null && after <= backWithin, `${good} had the traffic back within ${backWithin / 1000} s of the failure: after ${seconds(after)}`, last === null ? `${tag} never answered` : seconds(after))
  } else expect(last === null, `${tag} answered not one request`, `${tag} answered`)
  expect(
    now['skills'] === good && now['api'] === good && String(services) === String(servicesOn(color)) && open === 1 && overlaps === 0,
    `as before: ${good} from ${String(color)}, one bot; what runs: ${services.join(', ')}`,
    { now, services, open, overlaps },
  )
}

async function expectPaused(stage: Stage, tag: string, next: string): Promise<void> {
  const { stack, expectations: { expect } } = stage
  const { paused, pause_reason: reason } = await statusOf(stage)
  expect(paused === true && String(reason).includes(tag), `rollouts are paused, and the reason names ${tag}`, { paused, reason })
  const refused = await stack.skills.post('/update/apply', { tag: next, version: next.slice(1) })
  expect(refused.status === 423 && String(refused.body['error']).includes('paused'), `a further apply (${next}) is answered by 423`, refused)
  const resumed = await stack.updater.post('/update/unpause')
  expect(resumed.status === 200 && resumed.body['resumed'] === true, 'unpaused by the operator: 200', resumed)
}
