import type { Context } from '../rollout/context.ts'
import { isRunning, look } from '../rollout/engine.ts'
import { UpdaterError } from '../rollout/errors.ts'
import { managedServices } from '../rollout/topology.ts'

/**
 * Services that were renamed or dropped in the settings and still run: a rollout would leave them running for good, and
 * a renamed bot would run twice (I2). @throws inconsistent naming them
 */
export async function refuseForgotten(context: Context): Promise<void> {
  const { topology } = context.journal.record
  const managed = new Set(managedServices(context.settings.topology))
  const dropped = topology === null ? [] : managedServices(topology).filter((service) => !managed.has(service))
  if (dropped.length === 0) return
  const running = new Set((await look(context, dropped)).filter(isRunning).map(({ service }) => service))
  if (running.size === 0) return
  const names = [...running].join(' ')
  throw new UpdaterError(
    'inconsistent',
    `Nothing was begun: ${names} still run and are no longer in the topology of config/updater.yml. End them by hand once nothing needs them any more `
      + `(docker compose rm --stop --force ${names}), or name them in the topology again; then ask again.`,
  )
}
