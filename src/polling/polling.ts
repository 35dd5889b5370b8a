import type { TagRef } from '../rollout/model.ts'
import type { Clock, Log, ReleaseSource } from '../rollout/ports.ts'
import { sentenceOf } from '../rollout/errors.ts'
import { chooseRelease } from '../rollout/release-policy.ts'
import type { PollingStatus, UpdaterService } from '../updater/service.ts'
import { backoff } from './backoff.ts'
import { createRetries } from './retries.ts'
import { nextLook } from './schedule.ts'
import type { Schedule } from './schedule.ts'
import { takeOn } from './take-on.ts'
import { readVersion } from './version.ts'

/** What polling stands on. */
export interface PollingParts {
  readonly source: Pick<ReleaseSource, 'listTags'>
  readonly updater: Pick<UpdaterService, 'status' | 'apply'>
  readonly schedule: Schedule
  /** False: never looks by itself; `look` still works. */
  readonly enabled: boolean
  /** A found release is only reported (`UPDATE_REQUIRE_APPROVAL`). */
  readonly requireApproval: boolean
  /** Limit of one look at the remote, ms. */
  readonly lookLimit: number
  readonly clock: Clock
  readonly log: Log
  /** Looks at the remote's tags before one is chosen; answers why none may be, or null. */
  readonly inspectTags: (tags: readonly TagRef[]) => Promise<string | null>
  /** Told after every look, so that it can be made durable. Its failure is logged and changes nothing. */
  readonly onChecked: (at: string) => Promise<void>
}

/** The watch over the remote's release tags. */
export interface Polling {
  /** Begins to look on the schedule, once the updater knows its record; does nothing when polling is not enabled. */
  start(): void
  /** Looks now. Two at a time share one look. A remote that fails is an outcome, not a rejection; rejects only when aborted. */
  look(signal: AbortSignal): Promise<PollingStatus>
  status(): PollingStatus
  /** Resolves when no look is under way any more. A rollout that polling started goes on. */
  stop(): Promise<void>
}

/** Long waits are cut, so that a schedule on the wall clock follows a clock that is set (fault 20). */
const longestSleep = 60_000

export function createPolling(parts: PollingParts): Polling {
  const { clock, log, schedule } = parts
  const stopping = new AbortController()
  const retries = createRetries(clock)
  let loop: Promise<void> = Promise.resolve()
  let started = false
  let underWay: Promise<PollingStatus> | null = null
  let failures = 0
  let nextAt = 0
  let plannedAt = 0
  let status: PollingStatus = { enabled: parts.enabled, lastLookAt: null, nextLookAt: null, newest: null, outcome: null }

  function plan(from: number, earliest: number): void {
    nextAt = nextLook(schedule, from, earliest)
    plannedAt = clock.now()
    status = { ...status, nextLookAt: isoOf(nextAt) }
  }

  async function run(signal: AbortSignal): Promise<void> {
    const now = clock.now()
    // The last look of an earlier daemon counts: a crash loop does not ask the remote at each start.
    const { lastCheckedAt } = parts.updater.status()
    status = { ...status, lastLookAt: lastCheckedAt }
    plan(schedule.kind === 'every' ? earlierLook(lastCheckedAt, now, schedule.milliseconds) : now, now)
    while (!signal.aborted) {
      await untilNext(signal)
      await look(signal).catch((error: unknown) => {
        signal.throwIfAborted()
        log.error('A look for a release failed by an error nobody foresaw', { error: sentenceOf(error) })
      })
      plan(clock.now(), clock.now() + backoff(failures))
    }
  }

  /** What was planned by a clock that was set back since is planned anew: it might lie years ahead (fault 20). */
  async function untilNext(signal: AbortSignal): Promise<void> {
    for (let left = nextAt - clock.now(); left > 0; left = nextAt - clock.now()) {
      await clock.sleep(Math.min(left, longestSleep), signal)
      if (clock.now() < plannedAt) plan(clock.now(), clock.now() + backoff(failures))
    }
  }

  function look(signal: AbortSignal): Promise<PollingStatus> {
    underWay ??= lookOnce(signal).finally(() => {
      underWay = null
    })
    return underWay
  }

  async function lookOnce(signal: AbortSignal): Promise<PollingStatus> {
    const tags = await listTags(signal)
    const at = isoOf(clock.now())
    status = { ...status, lastLookAt: at }
    await parts.onChecked(at).catch((error: unknown) => {
      log.warn('The time of the last look at the remote could not be kept', { error: sentenceOf(error) })
    })
    if (tags !== null) await judge(tags)
    log.info(`Looked for a release: ${status.outcome ?? 'nothing'}`)
    return status
  }

  /** Null when the remote could not be asked. */
  async function listTags(signal: AbortSignal): Promise<TagRef[] | null> {
    try {
      const tags = await withLimit(clock, parts.lookLimit, signal, (limited) => parts.source.listTags(limited))
      failures = 0
      return tags
    } catch (error) {
      signal.throwIfAborted()
      failures += 1
      tell(`The remote could not be asked (${failures} in a row): ${sentenceOf(error)}`)
      return null
    }
  }

  async function judge(tags: readonly TagRef[]): Promise<void> {
    const objection = await parts.inspectTags(tags)
    if (objection !== null) {
      tell(objection)
      return
    }
    const { active, lastGoodTag, quarantine } = parts.updater.status()
    const choice = chooseRelease(tags, { tag: active?.tag ?? null, commit: active?.commit ?? null, lastGoodTag }, quarantine, readVersion)
    status = { ...status, newest: choice.newest }
    const { sentence, ended } = await takeOn(choice, { ...parts, retries })
    tell(sentence)
    // The look does not wait for a rollout; its end becomes the outcome of the look.
    void ended?.then(tell)
  }

  function tell(outcome: string): void {
    status = { ...status, outcome }
  }

  return {
    start() {
      if (!parts.enabled || started) return
      started = true
      loop = run(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) log.error('Polling ended by an error nobody foresaw; restart the updater', { error: sentenceOf(error) })
      })
    },
    look,
    status: () => status,
    async stop() {
      stopping.abort(new Error('the updater is leaving'))
      await loop
      status = { ...status, nextLookAt: null }
    },
  }
}

/** The last look counts only if it lies in the past and within one interval; a clock that was set back must not stop the watch. */
function earlierLook(lastLookAt: string | null, now: number, interval: number): number {
  const at = lastLookAt === null ? Number.NaN : Date.parse(lastLookAt)
  return at <= now && at > now - interval ? at : now - interval
}

/** Bounds a wait even if what is waited for ignores its signal (fault 38: a remote that is endless). */
async function withLimit<T>(clock: Clock, limit: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const done = new AbortController()
  const limited = AbortSignal.any([signal, done.signal])
  const elapsed = clock.sleep(limit, limited).then(() => {
    throw new Error(`it did not answer within ${limit} ms (limits.git)`)
  })
  try {
    return await Promise.race([work(limited), elapsed])
  } finally {
    done.abort(new Error('the look is over'))
    // The loser of the race may still reject; its reason is known or no longer wanted.
    elapsed.catch(() => undefined)
  }
}

function isoOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
