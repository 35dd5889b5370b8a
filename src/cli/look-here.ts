import { setMaxListeners } from 'node:events'
import { examine } from '../diagnosis/check.ts'
import { examineInstallation } from '../diagnosis/examine-installation.ts'
import { inOrder, notChecked, type CheckId, type Finding } from '../diagnosis/finding.ts'
import { recordOf, stackChecks, type StackView } from '../diagnosis/stack.ts'
import { trafficChecks } from '../diagnosis/traffic.ts'
import { createInstallation } from '../installation.ts'
import { UpdaterError } from '../rollout/errors.ts'
import type { Reach } from '../rollout/context.ts'
import type { LoadedRecord } from '../rollout/model.ts'
import type { Authority, Log } from '../rollout/ports.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import { observe } from '../rollout/recovery/observation.ts'
import type { Environment } from '../settings/environment.ts'
import type { Settings } from '../settings/settings.ts'
import { createNodeFiles } from '../storage/node-files.ts'
import { lookAtRecord } from '../storage/record-store.ts'
import { createSystemClock } from '../storage/system-clock.ts'
import { createPorts } from '../world.ts'
import type { Serving } from './ask-updater.ts'

/** What was found without the updater. */
export interface OwnLook {
  readonly findings: readonly Finding[]
  readonly serving: Serving
}

/**
 * Looks at what can be seen from here: for when the updater does not answer. Nothing is changed: whatever would change
 * something is refused, and what needs a place of the updater's own, such as git's mirror, is not asked.
 */
export async function lookHere(settings: Settings, environment: Environment, limit: number): Promise<OwnLook> {
  const signal = AbortSignal.timeout(limit)
  setMaxListeners(0, signal) // each check listens to it
  const ports = await createPorts({ settings, clock: createSystemClock(), log: silent, environment }, onlyLooking)
  const reach: Reach = { ports, settings, signal, effects: signal }
  const loaded = await lookAtRecord({ path: settings.paths.stateFile, files: createNodeFiles() })
    .catch((error: unknown): LoadedRecord => ({ kind: 'damaged', reason: error instanceof Error ? error.message : String(error) }))
  const record = loaded.kind === 'record' ? loaded.record : null
  const world = observe(reach, record?.operation?.topology ?? settings.topology, record?.operation ?? null)
  world.catch(() => undefined) // told by each check that waits for it
  const view: StackView = { reach, loaded, undetermined: false, doing: null, world: () => world }
  const known = { operation: record?.operation?.id ?? null, lastBuildBytes: record?.lastBuildBytes ?? 0 }
  const [stack, machine] = await Promise.all([
    examine([...stackChecks(view), ...trafficChecks(reach)], signal),
    examineInstallation(createInstallation(settings, environment))(known, signal),
  ])
  return { findings: inOrder([...stack, ...machine, ...leftToUpdater]), serving: await servingNow(view) }
}

async function servingNow(view: StackView): Promise<Serving> {
  const record = recordOf(view)
  const routes = await view.reach.ports.router.read()
  const color = routes.kind === 'routes' ? routes.active : null
  return {
    color,
    release: record !== null && record.activeColor === color ? record.active.tag : null,
    pauseReason: record === null ? null : pauseReasonOf(record),
  }
}

const leftToUpdater: readonly Finding[] = (['remote', 'reload', 'tree'] satisfies CheckId[]).map((check) => ({
  check, ...notChecked('Only the updater itself looks at that, and it does not answer.', 'Mend the updater first.'),
}))

const onlyLooking: Authority = {
  check() {
    throw new UpdaterError('authority_lost', 'This only looks, and changes nothing.')
  },
}

/** What adapters would log is told by the findings. */
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
