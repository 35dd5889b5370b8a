import { UpdaterError, type ErrorCode } from './errors.ts'
import type { GateSettings, Limits } from './limits.ts'
import type { ProbeAnswer } from './model.ts'
import type { Clock } from './ports.ts'
import { seconds, within, type Limit } from './within.ts'

/** As much of the outside as a gate needs. */
export interface GateReach {
  readonly ports: { readonly clock: Clock }
  readonly settings: { readonly limits: Pick<Limits, 'probe'>; readonly gates: GateSettings }
  readonly signal: AbortSignal
}

/** What a gate waits for. */
export interface GateQuestion {
  /** For the error: `skills on green, asked directly`. */
  readonly what: string
  readonly limit: Limit
  /** Thrown when the limit runs out. */
  readonly code: ErrorCode
  readonly ask: (signal: AbortSignal) => Promise<ProbeAnswer>
  /** First pause after a refused answer, ms; default `gates.quickest`. What only waits for Traefik to reload may ask sooner. */
  readonly firstPause?: number
  /** Whether this answer counts; default: healthy. */
  readonly accepts?: (answer: ProbeAnswer) => boolean
}

/**
 * Asks until enough answers in a row are accepted: at once, then at growing intervals (design.md, "Time limits").
 * @throws the question's code, naming the limit and the last answer; what `ask` throws, such as for a container that exited; the signal's reason
 */
export async function passGate(context: GateReach, question: GateQuestion): Promise<void> {
  const accepts = question.accepts ?? ((answer: ProbeAnswer) => answer.healthy)
  let last = 'no answer yet'
  const expired = (): UpdaterError => new UpdaterError(
    question.code,
    `${question.what} was not accepted within ${seconds(question.limit.milliseconds)} (limits.${question.limit.name}); last answer: ${last}.`,
  )
  const { clock } = context.ports
  const { inARow, between, quickest, slowest } = context.settings.gates

  try {
    await within(clock, question.limit, question.what, context.signal, async (signal) => {
      let accepted = 0
      const first = question.firstPause ?? quickest
      let pause = first
      while (accepted < inARow) {
        const answer = await ask(context, question, signal)
        last = answer.detail
        if (accepts(answer)) {
          accepted += 1
          pause = first
          if (accepted < inARow) await clock.sleep(between, signal)
          continue
        }
        accepted = 0
        await clock.sleep(pause, signal)
        pause = Math.min(pause * 2, slowest)
      }
    })
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'limit_exceeded' && !context.signal.aborted) throw expired()
    throw error
  }
}

async function ask(context: GateReach, question: GateQuestion, signal: AbortSignal): Promise<ProbeAnswer> {
  const limit = { name: 'probe', milliseconds: context.settings.limits.probe }
  try {
    return await within(context.ports.clock, limit, 'The probe', signal, (probing) => question.ask(probing))
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof UpdaterError && error.code === 'limit_exceeded') {
      return { healthy: false, status: null, stamp: null, detail: `no answer within ${seconds(limit.milliseconds)} (limits.probe)` }
    }
    throw error
  }
}
