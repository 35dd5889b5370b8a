import { createHash } from 'node:crypto'
import type { OpenOperation, UpdaterRecord } from '../../../src/rollout/model.ts'
import { dirname } from '../../../src/rollout/paths.ts'
import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import { colors } from '../../../src/rollout/topology.ts'
import type { Effect } from '../world/effects.ts'
import { readText, type RoutesText } from '../world/routes-text.ts'
import { places } from '../world/state-directory.ts'
import type { World } from '../world/world.ts'
import type { Playing } from './exhaustive-play.ts'

/**
 * What decides about the future at the moment when an effect is asked for: disk, engine, Traefik, git, what the daemon
 * knows and where in its work it is, and what is still to come by itself. Two histories of the same state go on alike.
 * Tokens and ids are renamed by order of appearance, times are relative to now, and what is only told to people (dates,
 * sentences, lists of completed steps) is left out. What a promise inside the daemon holds cannot be seen; `lately` stands
 * for it, and a sample of what is dropped for its sake is played nevertheless (pairs.ts).
 */
export function stateOf(playing: Playing, effect: Effect): string {
  const { world } = playing
  const { stack } = world
  const { record } = stack
  const status = world.daemon.life.dead ? null : world.updater.status()
  const text = JSON.stringify({
    asks: [effect.name, effect.services, effect.containerId, effect.commit, effect.generation, effect.record === undefined ? null : recordPart(effect.record, record)],
    disk: [
      stack.recordFile.kind, record === null ? null : recordPart(record, record), stack.durableRecord?.sequence === record?.sequence,
      stack.disk.read(places.history) !== null, stack.disk.list(dirname(places.record)),
    ],
    routes: stack.disk.list(places.staging).map((name) => [name, stack.disk.isSynced(`${places.staging}/${name}`), routesPart(textIn(stack, name), record)]),
    traefik: [routesPart(stack.traefik.says, record), stack.durableGeneration === (stack.traefik.says?.generation ?? null), stack.traefik.down, entryPointsOf(world), colors.map((color) => sinceLeft(world, color))],
    engine: [stack.engine.fault, stack.engine.hangs, stack.engine.instances.map((instance) => [
      instance.id, instance.image.commit, instance.state, instance.stoppedOnDemand, instance.ill, instance.restarts, instance.exitCode,
      stack.proven.has(instance.id), instance.startedAt === null ? null : Math.min(world.time.now - instance.startedAt, 1_000),
    ])],
    images: [[...stack.images.ofRelease.keys()].toSorted(), [...stack.images.current].map(([service, { commit }]) => [service, commit]), stack.images.kept.size],
    git: [stack.git.remoteFault, [...stack.git.mirror].toSorted(), [...stack.git.checkouts].toSorted(), stack.git.tree],
    daemon: status === null ? null : [
      status.state, status.currentOperation !== null, status.holds.map(({ origin }) => origin), status.activeColor, status.observing,
      status.operation === null ? null : operationPart(status.operation), status.lastResult?.status, status.findings.length,
    ],
    lately: playing.lately,
    open: playing.open.map(({ fault, effect: { name, services } }) => [fault.kind, name, services]),
    coming: world.time.pending.map(roughly),
    world: [world.disturbed, world.hasAuthority],
  })
  return createHash('sha1').update(renamed(text)).digest('base64')
}

function recordPart(record: UpdaterRecord, durable: UpdaterRecord | null): unknown[] {
  const { activeColor, active, lastGood, previous, generation, operation, holds, quarantine, failuresInARow, lastBuildBytes, lastResult, knownTags } = record
  return [
    Math.sign(record.sequence - (durable?.sequence ?? 0)), activeColor, active.commit, lastGood?.commit, previous.map(({ commit }) => commit), generation,
    operation === null ? null : operationPart(operation), holds.map(({ origin }) => origin), quarantine.map(({ commit }) => commit),
    failuresInARow, lastBuildBytes, lastResult?.status, lastResult?.paused, Object.keys(knownTags),
  ]
}

function operationPart(operation: OpenOperation): unknown[] {
  const { kind, target, from, fromColor, phase, step, generations, singletonsBefore, failure, pauseRequested, interruptions, stoppedCleanly } = operation
  return [
    kind, target.commit, from.commit, fromColor, phase, step, generations?.target, generations?.back, singletonsBefore.map(({ containerId }) => containerId),
    failure?.code, failure?.cause, pauseRequested, interruptions, stoppedCleanly,
  ]
}

/** A number above the record's is what R4 goes by; how far below it is does not matter. */
function routesPart(read: RoutesText | null, record: UpdaterRecord | null): unknown[] | null {
  return read === null ? null : [read.active, read.generation, Math.max(0, (read.sequence ?? 0) - (record?.sequence ?? 0))]
}

function textIn({ disk }: World['stack'], name: string): RoutesText | null {
  const bytes = disk.read(`${places.staging}/${name}`)
  return bytes === null ? null : readText(new TextDecoder().decode(bytes))
}

function entryPointsOf({ stack }: World): unknown[] {
  return [...stack.publicEntryPoints, internalEntryPoint].map((name) => {
    const inForce = stack.traefik.at(name)
    return inForce === null ? null : [inForce.active, inForce.generation]
  })
}

function sinceLeft({ stack, time, settings }: World, color: 'blue' | 'green'): number | null {
  const at = stack.traefik.leftAt(color)
  return at === null ? null : Math.min(Math.floor((time.now - at) / 100), settings.limits.drain / 100)
}

/** What comes soon is taken exactly; of a far limit it matters that it is far. */
function roughly(milliseconds: number): number {
  return milliseconds <= 1_000 ? milliseconds : 2 ** Math.floor(Math.log2(milliseconds / 1_000)) * 1_000
}

/** Tokens and container ids, by order of appearance. */
function renamed(text: string): string {
  const names = new Map<string, string>()
  return text.replaceAll(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|\bc\d+-(?=[a-z])/g, (found) => {
    const name = names.get(found) ?? `#${names.size}-`
    names.set(found, name)
    return name
  })
}
