import { watch } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { SeenState } from '../../kill/observer/state-file.ts'
import { watchBots } from './bot-watch.ts'
import { followEvents, type ContainerEvent } from './engine-look.ts'
import { evidence, resumed, untilAtRest, type HurtStack } from './hurt-stack.ts'
import { followRecord, placeOf, seenRecord } from './record-look.ts'

/** Where in an operation the updater is killed. */
export type Place =
  /** As soon as this many versions of the state file were seen since the operation was asked for. */
  | { readonly kind: 'write'; readonly number: number }
  /** As soon as the routes file was replaced this many times. */
  | { readonly kind: 'routes'; readonly number: number }
  /** At this event of the engine's about the bot. */
  | { readonly kind: 'bot'; readonly action: 'die' | 'destroy' | 'create' | 'start' }
  | { readonly kind: 'after'; readonly milliseconds: number }

export interface Kill {
  readonly wish: { readonly kind: 'apply'; readonly tag: string } | { readonly kind: 'rollback'; readonly tag: string }
  readonly place: Place
  /** Further kills of the updaters that recover, each so many ms after its API was up. */
  readonly again?: readonly number[]
}

export interface Survived {
  readonly kills: number
  /** What the state file said when the updater was dead. */
  readonly died: SeenState
  /** From the start of the last updater until everything agrees, ms. */
  readonly recovery: number
}

/** How long an operation may take to reach the place of its kill, ms; a place that is a time has that time besides. */
const placeLimit = 40_000

/**
 * Asks for an operation, kills the updater at a place of it, starts another one, and holds what users, engine, files and API
 * show against what must be: back before the commit point, finished after it, one bot at every moment, no failed request.
 * @throws Error with everything that one needs to find out why
 */
export async function survive(hurt: HurtStack, kill: Kill, seed: number): Promise<Survived> {
  await resumed(hurt)
  const before = await seenRecord(hurt.stack.project.state)
  const failedBefore = hurt.load.failed.length
  const bots = await watchBots(hurt.engine.socketPath)
  let died: SeenState | null = null
  try {
    died = await killAt(hurt, kill, before)
    const recovery = await recover(hurt, kill.again ?? [])
    const after = await seenRecord(hurt.stack.project.state)
    expect(after.activeTag, 'what serves after the recovery').toBe(expected(before, died))
    expect(hurt.load.failed.slice(failedBefore), 'requests that failed').toEqual([])
    expect(bots.wrong, 'moments with two bots').toEqual([])
    expect((await hurt.stack.gateway()).overlaps, 'moments with two bots at the gateway').toBe(0)
    return { kills: 1 + (kill.again?.length ?? 0), died, recovery }
  } catch (error) {
    const story = `${JSON.stringify(kill)} from ${before.activeTag} on ${before.activeColor}, ${died === null ? 'not killed' : `dead at: ${placeOf(died)}`}; ZETHERION_SEED=${seed}`
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${story}\n${await evidence(hurt)}`, { cause: error })
  } finally {
    bots.end()
  }
}

/** Before the commit point what served before; after it what was asked for. */
function expected(before: SeenState, died: SeenState): string {
  const { operation } = died
  return operation === null || operation.phase === 'retiring' ? died.activeTag : before.activeTag
}

async function killAt(hurt: HurtStack, { wish, place }: Kill, before: SeenState): Promise<SeenState> {
  const { stack, engine } = hurt
  const reached = await reaching(place, before, stack.project.state, engine.socketPath)
  const answer = ask(hurt, wish)
  try {
    await Promise.race([reached.place, answer.then((status) => ended(status, reached.place))])
    // Not by way of the promise of its end: the signal has to be on its way in this very moment.
    process.kill(stack.daemon().pid, 'SIGKILL')
    await stack.daemon().exited
  } finally {
    reached.end()
  }
  await answer
  return seenRecord(stack.project.state)
}

/** The operation answers at its commit point: places after that are still to come. */
function ended(status: number | null, place: Promise<void>): Promise<void> {
  return status === 200 || status === 500 ? place : Promise.reject(new Error(`the operation was not taken on: it was answered with ${status}`))
}

async function ask({ stack }: HurtStack, wish: Kill['wish']): Promise<number | null> {
  const call = wish.kind === 'apply'
    ? stack.updater.post('/update/apply', { tag: wish.tag, version: wish.tag.slice(1) })
    : stack.updater.post('/update/rollback', { previous_sha: stack.project.release(wish.tag).commit })
  return call.then(({ status }) => status, () => null) // the connection broke: it was killed
}

async function reaching(place: Place, before: SeenState, state: string, socketPath: string): Promise<{ place: Promise<void>; end(): void }> {
  let timer: NodeJS.Timeout | undefined
  let stop = (): void => undefined
  let opened = Promise.resolve()
  const reached = new Promise<void>((resolve, reject) => {
    const limit = placeLimit + (place.kind === 'after' ? place.milliseconds : 0)
    timer = setTimeout(() => reject(new Error(`the place ${JSON.stringify(place)} was not reached within ${limit} ms`)), limit)
    switch (place.kind) {
      case 'write':
        stop = followRecord(state, ({ sequence }) => {
          if (sequence >= before.sequence + place.number) resolve()
        })
        break
      case 'routes': {
        let seen = 0
        const watcher = watch(join(state, 'traefik/dynamic'), () => {
          seen += 1
          if (seen >= place.number) resolve()
        })
        stop = () => watcher.close()
        break
      }
      case 'bot': {
        const events = followEvents(socketPath, ({ service, action }: ContainerEvent) => {
          if (service === 'zetherion-ai-bot' && action === place.action) resolve()
        })
        opened = events.open
        stop = () => events.end()
        break
      }
      case 'after':
        setTimeout(resolve, place.milliseconds)
    }
  })
  reached.catch(() => undefined) // raced against the operation's answer
  await opened
  return {
    place: reached,
    end: () => {
      clearTimeout(timer)
      stop()
    },
  }
}

async function recover(hurt: HurtStack, again: readonly number[]): Promise<number> {
  const { stack, dockerHost } = hurt
  for (const milliseconds of again) {
    await stack.startUpdater({ env: { DOCKER_HOST: dockerHost } })
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    await stack.daemon().end('SIGKILL')
  }
  const begun = performance.now()
  await stack.startUpdater({ env: { DOCKER_HOST: dockerHost } })
  await untilAtRest(hurt)
  return performance.now() - begun
}
