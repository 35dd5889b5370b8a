import type { UpdateResult } from '../../../src/rollout/model.ts'
import type { Color } from '../../../src/rollout/topology.ts'
import type { Started } from '../../../src/updater/service.ts'
import { settle } from '../../simulation/at-rest.ts'
import type { Effect } from '../../simulation/world/effects.ts'
import { commitOf } from '../../simulation/world/releases.ts'
import { World, type WorldOptions } from '../../simulation/world/world.ts'
import { must } from './check.ts'

/** v1.0.0 runs on blue and was taken over; v1.1.0 and v1.2.0 are on the remote. */
export async function ready(options: WorldOptions = {}): Promise<World> {
  const world = new World({ ...options, releases: { 'v1.1.0': 'good', 'v1.2.0': 'good', ...options.releases } })
  await world.start()
  await settle(world)
  return world
}

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue. */
export async function upgraded(options: WorldOptions = {}): Promise<World> {
  const world = await ready(options)
  const result = await apply(world, 'v1.1.0')
  must('a good release is rolled out', result.status === 'success', `a good release ended as ${result.status}: ${result.error}`)
  await settle(world)
  return world
}

/** Asks for a release. */
export function ask(world: World, tag: string): Promise<Started> {
  return world.updater.apply({ tag, version: tag.replace(/^v/, ''), origin: 'api' })
}

/** An apply from the call to the closed operation. */
export async function apply(world: World, tag: string): Promise<UpdateResult> {
  return toItsEnd(world, await world.run(ask(world, tag)))
}

/** A rollback from the call to the closed operation. */
export async function rollback(world: World, tag: string): Promise<UpdateResult> {
  return toItsEnd(world, await world.run(world.updater.rollback({ previousSha: commitOf(tag), origin: 'api' })))
}

/** An apply that has just begun this step. */
export async function applyUpTo(world: World, tag: string, step: string): Promise<Started> {
  const started = await world.run(ask(world, tag))
  await world.until(`step ${step}`, () => world.daemon.events.some((event) => event.kind === 'step_started' && event.step === step))
  return started
}

/** An operation to its closed end; its answer is held against the record and the world. */
export async function toItsEnd(world: World, started: Started): Promise<UpdateResult> {
  const result = await world.run(started.outcome)
  checkAnswer(world, result)
  await world.run(started.finished)
  return result
}

/** An answer is durable, and true. */
export function checkAnswer(world: World, result: UpdateResult): void {
  const { record, routed, topology } = world.stack
  if (result.status === 'success') {
    const active = record?.active.commit ?? 'nothing'
    must('I11', active.startsWith('adopted-') || active === result.newSha, `a success was answered before the record on the disk had it`)
  }
  must('I11', result.paused === world.updater.status().paused, `the answer says paused: ${result.paused}`)
  if (!world.disturbed && topology.groups.length > 0) must('I11', result.activeColor === routed, `the answer says ${result.activeColor}, routed is ${routed}`)
}

/** Of what one daemon writes no two records have the same number: the higher one is the later one. */
export function checkNumbers(effects: readonly Effect[]): void {
  const numbers = effects.flatMap(({ record }) => (record === undefined ? [] : [record.sequence]))
  must('one number, one record', numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)), `records are written under the numbers ${numbers.join(', ')}`)
}

/** Lets all come to rest and holds it against what must be. */
export async function endsWith(world: World, rule: string, { tag, paused }: { tag: string; paused?: boolean }): Promise<void> {
  await settle(world)
  const status = world.updater.status()
  must(rule, status.active?.tag === tag, `${status.active?.tag} runs at the end, not ${tag}`)
  if (paused !== undefined) must(rule, status.paused === paused, paused ? 'nothing holds rollouts' : `rollouts are held: ${status.pauseReason}`)
}

/** The colors that the entry points serve. */
export function served(world: World): string {
  return world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active ?? 'nothing').join(' and ')
}

/** How a color's containers stand. */
export function states(world: World, color: Color): string {
  return world.stack.instancesOf(color).map((instance) => instance?.state ?? 'absent').join(' and ')
}

/** `skills-blue 1.0.0, …`: what runs, in order. */
export function running(world: World): string {
  const names = world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ service, image }) => `${service} ${image.version}`)
  return names.toSorted().join(', ')
}

/** The code of the error that a call ended with; null when it did not fail. */
export async function codeOf(world: World, asked: Promise<unknown>): Promise<string | null> {
  const ended = await world.drive(asked)
  if (ended.kind !== 'error') return null
  const { error } = ended
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
}

/** Has the daemon find the world as it is, and makes the world's own troubles not count as its. */
export async function disturbing(world: World, work: () => Promise<void>): Promise<void> {
  world.disturbed = true
  await work()
  world.disturbed = false
}

/** Traefik serves what this text says, whatever lies in the file now, until it follows the file again. */
export function readsOnly(world: World, text: string | null): void {
  const { traefik } = world.stack
  const live = traefik.file
  traefik.replaced(text)
  traefik.readNow()
  traefik.follows = false
  traefik.replaced(live)
}
