import { examine } from '../diagnosis/check.ts'
import { notChecked, ok, wrong, type Finding, type Judgement } from '../diagnosis/finding.ts'
import { sourceChecks } from '../diagnosis/source.ts'
import { stackChecks } from '../diagnosis/stack.ts'
import { notReloaded, trafficChecks } from '../diagnosis/traffic.ts'
import { updaterCheck } from '../diagnosis/updater.ts'
import type { Context, Reach } from '../rollout/context.ts'
import { look } from '../rollout/engine.ts'
import { isLost, sentenceOf } from '../rollout/errors.ts'
import type { Journal } from '../rollout/journal.ts'
import { observe } from '../rollout/recovery/observation.ts'
import { decideFor } from '../rollout/recovery/reconcile.ts'
import { confirmGeneration, route } from '../rollout/steps/switch-routes.ts'
import { managedServices } from '../rollout/topology.ts'
import { within } from '../rollout/within.ts'
import { obstacleTo } from './obstacles.ts'
import type { Diagnostics, Status } from './service.ts'

/** What the updater knows without looking. */
export interface Knowledge {
  /** Null until a stack was taken over. */
  readonly journal: Journal | null
  readonly status: Status
  /** What is being done just now; null: nothing. */
  readonly doing: string | null
}

/** A look at tree, containers and everything else that `GET /diagnostics` tells; it changes nothing. What cannot be read is told in its place. */
export async function diagnose(reach: Reach, { journal, status, doing }: Knowledge): Promise<Diagnostics> {
  const { clock, source } = reach.ports
  const record = journal?.record ?? null
  const limit = { name: 'git', milliseconds: reach.settings.limits.git }
  const tree = within(clock, limit, 'Looking at the project directory', reach.signal, (signal) => source.describeTree(signal))
  const world = observe(reach, record?.operation?.topology ?? reach.settings.topology, record?.operation ?? null)
  world.catch(() => undefined) // told by each check that waits for it
  const view = {
    reach, doing,
    loaded: record === null ? null : { kind: 'record', record } as const,
    undetermined: journal?.undetermined ?? false,
    world: () => world,
  }
  const waiting = record === null ? (status.findings[0] ?? 'it is still looking at it.') : null
  const checks = [
    updaterCheck({ ...status, waiting }), ...stackChecks(view), ...trafficChecks(reach), ...sourceChecks(reach, status.active, () => tree),
  ]
  const [described, containers, findings] = await Promise.all([
    tree.catch((error: unknown) => ({ kind: 'unknown', reason: sentenceOf(error) }) as const),
    look(reach, managedServices(reach.settings.topology)).catch((error: unknown) => ({ error: sentenceOf(error) })),
    examine(checks, reach.signal),
  ])
  return {
    tree: described,
    containers,
    findings: [...findings, { check: 'reload', ...notReloaded }],
  }
}

/**
 * Writes the routes anew, the same colors under a new generation, as R13 does it, and sees whether every entry point
 * takes it. Killed in its middle it leaves what R13 sees to.
 * @throws in_maintenance; authority_lost; the signal's reason
 */
export async function proveReload(context: Context, by: string): Promise<Finding> {
  const obstacle = obstacleTo('reload', context.journal.record)
  if (obstacle !== null) throw obstacle
  context.ports.log.info('The routes are written anew, the same colors in them, to see whether Traefik takes them.', { by })
  try {
    return { check: 'reload', ...(await rewriteRoutes(context)) }
  } catch (error) {
    if (context.signal.aborted || isLost(error)) throw error
    return { check: 'reload', ...wrong(sentenceOf(error), 'See that Traefik runs and watches the directory of the routes file; the same color is served as before.') }
  }
}

async function rewriteRoutes(context: Context): Promise<Judgement> {
  const { clock } = context.ports
  const { topology } = context.settings
  const { record } = context.journal
  if (topology.groups.length === 0) return notChecked('The topology has no groups, so nothing is routed.')
  const world = await observe(context, topology, null)
  const { row, why } = decideFor(context, { loaded: { kind: 'record', record }, world, topology, traces: true })
  // Nothing else may be amiss: what recovery would do first decides which color is to be routed.
  if (row !== 0 && row !== 13 && row !== 17) return notChecked(`Traefik was given no new version of the routes: ${why}`, 'See to that first, then ask again.')
  const begun = clock.monotonic()
  const generation = await route(context, record.activeColor, topology)
  await confirmGeneration(context, topology, generation)
  return ok(`Traefik took a new version of the routes on every entry point, after ${Math.round(clock.monotonic() - begun)} ms.`)
}
