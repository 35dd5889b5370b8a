import type { Context, Reach } from '../context.ts'
import { changeOperation } from '../journal.ts'
import type { ProbeAnswer } from '../model.ts'
import { passGate } from '../gates.ts'
import { stepNames } from '../plan.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Color, Group } from '../topology.ts'
import { withOutput } from './standby.ts'
import { gate } from './step.ts'

/**
 * Has Traefik itself reach the standby before any user does (fault 29). An installation without previews is told so: one
 * that has none configured, and one that was taken over from the predecessor and whose Traefik still runs with entry points of old.
 */
export async function checkPreviews(context: Context): Promise<void> {
  const { targetColor, topology } = context.journal.operation
  await sideBySide(context, topology.groups, async (together, group) => {
    const missing = await missingEntryPoint(together, group, targetColor)
    if (missing !== null) {
      await warn(together, `${group.name} was not checked through Traefik before the switch: ${missing}`)
      return
    }
    await gate(together, stepNames.preview(group.name), () => passGate(together, {
      what: `The preview of ${group.name} on ${targetColor} through Traefik`,
      limit: { name: 'previewHealth', milliseconds: together.settings.limits.previewHealth },
      code: 'gate_refused',
      ask: async (signal) => (await together.ports.probe.preview(group, targetColor, signal)) ?? gone,
    }).catch(async (error: unknown) => {
      throw await withOutput(together, group.services[targetColor], error)
    }))
  })
}

/** Why there are no previews; null when there are, or when Traefik as a whole does not answer, which the gate will tell. */
export async function missingEntryPoint({ ports: { probe }, signal }: Pick<Reach, 'ports' | 'signal'>, group: Group, color: Color): Promise<string | null> {
  const first = await probe.preview(group, color, signal)
  if (first === null) return 'no internal entry point is configured.'
  if (first.refused !== true || (await probe.routed(group, signal)).status === null) return null
  // Again, since a Traefik that starts opens one entry point after the other.
  const second = await probe.preview(group, color, signal)
  return second?.refused === true ? 'Traefik runs without the internal entry point. Restart it once with the config/traefik/traefik.yml of this release.' : null
}

const gone: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'the internal entry point is gone' }

/** A warning of the running operation, kept in its result; one that comes again with every new try is kept once. */
export async function warn(context: Context, sentence: string): Promise<void> {
  context.ports.log.warn(sentence)
  await context.journal.note(changeOperation((operation) => operation.warnings.includes(sentence)
    ? operation
    : { ...operation, warnings: [...operation.warnings, sentence] }))
}
