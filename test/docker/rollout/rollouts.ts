import { expect } from 'vitest'
import type { Answer } from '../../../demo/stack/client.ts'
import type { DockerStack } from '../../../demo/stack/docker-stack.ts'
import { startLoad, type Served } from '../../../demo/stack/load.ts'
import { releaseOf } from '../../../demo/stack/load-targets.ts'

/** Requests of one entry point that are in flight at once; so many answers may come out of order. */
const overtaken = 2

/** Of each of the load's workers between two requests, ms: steady, and little of what builds and containers have on two cores. */
const pause = 50

/** What users of the stack saw while something was done to it. */
export interface Seen<T> {
  readonly result: T
  /** Releases that answered, in the order of their first answers, by entry point. */
  readonly served: Readonly<Record<'skills' | 'api', readonly string[]>>
}

/** Does something under load on both entry points; not one request may fail and never may there be two bots. */
export async function underLoad<T>(stack: DockerStack, action: () => Promise<T>): Promise<Seen<T>> {
  const load = startLoad(stack.loadTargets, releaseOf, pause)
  try {
    await expect.poll(() => load.served.length, { timeout: 10_000, interval: 10 }).toBeGreaterThanOrEqual(2)
    const result = await action()
    await answersOnce(load.served)
    return { result, served: { skills: releasesOn('skills', load.served), api: releasesOn('api', load.served) } }
  } finally {
    await load.stop()
    expect(load.failed, 'requests that failed').toEqual([])
    expect((await stack.gateway()).overlaps, 'moments with two bots').toBe(0)
  }
}

/** Publishes a release and has the skills service ask for it; settles when the updater is idle again. */
export async function apply(stack: DockerStack, tag: string): Promise<Answer> {
  await stack.project.publish(tag)
  const answer = await stack.skills.post('/update/apply', { tag, version: tag.slice(1) })
  await idle(stack)
  return answer
}

/** Has the skills service ask for an earlier commit; settles when the updater is idle again. */
export async function rollBack(stack: DockerStack, commit: string): Promise<Answer> {
  const answer = await stack.skills.post('/update/rollback', { previous_sha: commit })
  await idle(stack)
  return answer
}

/** Publishes a release, has skills ask for it, and kills the updater where this step begins. Settles when a new updater is idle. */
export async function applyAndKill(stack: DockerStack, tag: string, step: string): Promise<Answer> {
  await stack.project.publish(tag)
  await stack.daemon().end('SIGTERM')
  const ends: Promise<unknown>[] = []
  await stack.startUpdater({ onLine: ({ event, step: begun }) => {
    if (event === 'step_started' && begun === step) ends.push(stack.daemon().end('SIGKILL'))
  } })
  await lookedAround(stack)
  const answer = await stack.skills.post('/update/apply', { tag, version: tag.slice(1) })
  await expect.poll(() => ends.length, { timeout: 60_000, interval: 10 }).toBe(1)
  await Promise.all(ends)
  await stack.startUpdater()
  await lookedAround(stack)
  return answer
}

/** Clears the hold of a failed release and expects that there was one. */
export async function unpause(stack: DockerStack): Promise<void> {
  expect((await stack.skills.post('/update/apply', { tag: 'v1.1.0', version: '1.1.0' })).status).toBe(423)
  expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
}

async function idle(stack: DockerStack): Promise<void> {
  await expect.poll(async () => (await stack.updater.get('/status')).body['state'], { timeout: 60_000, interval: 50 }).toBe('idle')
}

/** Waits until a freshly started updater has recovered. */
async function lookedAround(stack: DockerStack): Promise<void> {
  const status = async (): Promise<unknown> => (await stack.updater.get('/status').catch(() => ({ body: 'it does not answer yet' }))).body
  await expect.poll(status, { timeout: 60_000, interval: 50 }).toMatchObject({ state: 'idle', operation: null, active_color: expect.stringMatching(/blue|green/) })
}

/** So that what serves at the end is among what was seen. */
async function answersOnce(served: readonly Served[]): Promise<void> {
  const before = requestsOf(served)
  await expect.poll(() => requestsOf(served), { timeout: 10_000, interval: 10 }).toBeGreaterThan(before + 20)
}

function requestsOf(served: readonly Served[]): number {
  return served.reduce((sum, { requests }) => sum + requests, 0)
}

/** Releases that answered on an entry point in their order, without what is no more than an answer overtaken by a later request's at a switch. */
export function releasesOn(target: string, served: readonly Served[]): string[] {
  const releases = served.filter((span) => span.target === target && span.requests > overtaken).map(({ release }) => release)
  return releases.filter((release, index) => release !== releases[index - 1])
}
