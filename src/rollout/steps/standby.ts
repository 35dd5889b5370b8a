import type { Context } from '../context.ts'
import { act, containerError, isRunning, look, stopContainer } from '../engine.ts'
import { UpdaterError } from '../errors.ts'
import { passGate } from '../gates.ts'
import type { Release } from '../model.ts'
import { stepNames } from '../plan.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Color, Group, Topology } from '../topology.ts'
import { servicesOf } from '../topology.ts'
import { within } from '../within.ts'
import { refuseRouted } from './let-go.ts'
import { effect, gate } from './step.ts'

/** Creates and starts the target color's containers, all in one call, in place of what was left of that color. */
export async function startStandby(context: Context): Promise<void> {
  const { target, targetColor, topology } = context.journal.operation
  const services = servicesOf(topology, targetColor)
  if (services.length === 0) return
  await effect(context, services.map(stepNames.start), async () => {
    await removeColor(context, topology, targetColor)
    await act(context, 'Tagging images', (signal) => context.ports.runtime.tag(target, services, signal))
    await composeUp(context, target, services)
  })
}

/** Undo of `startStandby`: its containers go, and its tags point at a release that is known to be good. */
export async function removeStandby(context: Context): Promise<void> {
  const { from, targetColor, topology } = context.journal.operation
  const services = servicesOf(topology, targetColor)
  if (services.length === 0) return
  await removeColor(context, topology, targetColor)
  const missing = await act(context, 'Looking for images', (signal) => context.ports.runtime.missingImages(from, services, signal))
  const tagged = services.filter((service) => !missing.includes(service))
  await act(context, 'Tagging images', (signal) => context.ports.runtime.tag(from, tagged, signal))
}

/** Asks every new container straight, side by side, until it is healthy. */
export async function checkDirectly(context: Context): Promise<void> {
  const { targetColor, topology } = context.journal.operation
  await sideBySide(context, topology.groups, (together, group) =>
    gate(together, stepNames.health(group.services[targetColor]), () => passDirectGate(together, group, targetColor)))
}

/** Has Docker Compose create and start services; their earlier containers are gone. */
export async function composeUp(context: Context, release: Release, services: readonly string[]): Promise<void> {
  context.ports.authority.check()
  const limit = { name: 'start', milliseconds: context.settings.limits.start }
  await within(context.ports.clock, limit, `Starting ${services.join(', ')}`, context.effects, (signal) =>
    context.ports.runtime.up(release, services, signal),
  )
}

async function passDirectGate(context: Context, group: Group, color: Color): Promise<void> {
  const service = group.services[color]
  const { target } = context.journal.operation
  await passGate(context, {
    what: `${service}, asked directly,`,
    limit: { name: 'directHealth', milliseconds: context.settings.limits.directHealth },
    code: 'unhealthy',
    async ask(signal) {
      const [container] = await context.ports.runtime.containers([service], signal)
      if (container === undefined) throw new UpdaterError('unhealthy', `The container of ${service} was removed from outside.`)
      if (!isRunning(container)) throw await containerError(context, 'unhealthy', container, 'exited')
      if (container.restarts > 0) throw await containerError(context, 'unhealthy', container, 'keeps restarting')
      if (container.commit !== null && container.commit !== target.commit) {
        throw new UpdaterError('unhealthy', `${service} runs commit ${container.commit}, not the release's ${target.commit}.`)
      }
      return context.ports.probe.direct(container, group, signal)
    },
  }).catch(async (error: unknown) => {
    throw await withOutput(context, service, error)
  })
}

/** Adds the container's last lines to a gate's refusal that has none yet. */
export async function withOutput(context: Context, service: string, error: unknown): Promise<unknown> {
  if (!(error instanceof UpdaterError) || (error.code !== 'unhealthy' && error.code !== 'gate_refused') || 'logs' in error.details) return error
  // An engine that cannot even tell this is the fault then, not the release.
  const [container] = await look({ ...context, signal: context.effects }, [service])
  if (container === undefined) return error
  const { details } = await containerError(context, 'unhealthy', container, 'did not become healthy')
  return new UpdaterError(error.code, error.message, { cause: error, details: { ...details } })
}

async function removeColor(context: Context, topology: Topology, color: Color): Promise<void> {
  const leftovers = await look({ ...context, signal: context.effects }, servicesOf(topology, color))
  if (leftovers.some(isRunning)) await refuseRouted(context, topology, color)
  await sideBySide(context, leftovers, async (together, container) => {
    await stopContainer(together, container)
    await act(together, `Removing ${container.service}`, (signal) => together.ports.runtime.remove(container.id, signal))
  })
}
