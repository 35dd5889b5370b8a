import { expect } from 'vitest'
import type { UpdateResult } from '../../src/rollout/model.ts'
import type { Started } from '../../src/updater/service.ts'
import type { World } from './world/world.ts'

/** Asks for a release. */
export function ask(world: World, tag: string): Promise<Started> {
  return world.updater.apply({ tag, version: tag.replace(/^v/, ''), origin: 'api' })
}

/** An apply from the call to the closed operation. */
export async function apply(world: World, tag: string): Promise<UpdateResult> {
  return toItsEnd(world, ask(world, tag))
}

/** A rollback from the call to the closed operation. */
export async function rollback(world: World, commit: string): Promise<UpdateResult> {
  return toItsEnd(world, world.updater.rollback({ previousSha: commit, origin: 'api' }))
}

/** An apply that has just begun this step. */
export async function applyUpTo(world: World, tag: string, step: string): Promise<Started> {
  const started = await world.run(ask(world, tag))
  await world.until(`step ${step}`, () => world.daemon.events.some((event) => event.kind === 'step_started' && event.step === step))
  return started
}

/** Kills the daemon in this step of an apply; the world stays as it is. */
export async function killIn(world: World, tag: string, step: string): Promise<void> {
  await applyUpTo(world, tag, step)
  world.daemon.life.end()
}

async function toItsEnd(world: World, asked: Promise<Started>): Promise<UpdateResult> {
  const started = await world.run(asked)
  const result = await world.run(started.outcome)
  // I11: the answer tells what serves and what holds at that moment.
  if (!world.disturbed && world.stack.topology.groups.length > 0) expect(result.activeColor).toBe(world.stack.routed)
  expect(result.paused).toBe(world.updater.status().paused)
  await world.run(started.finished)
  return result
}
