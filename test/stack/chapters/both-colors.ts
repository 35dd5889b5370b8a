import { expect, it } from 'vitest'
import { placeProbe, runningServices, untilHealth } from '../harness/inside.ts'
import { containers } from '../statements/services.ts'
import { composition } from './composition.ts'
import { disk } from './disk.ts'
import { hardening } from './hardening.ts'
import { health } from './health.ts'
import { limits } from './limits.ts'
import { network } from './network.ts'
import type { Here } from './scene.ts'

const standby = ['zetherion-ai-api-green', 'zetherion-ai-skills-green']

/** All twelve run, which only maintenance mode allows for long; then each is attacked from inside. */
export function bothColors(here: Here): void {
  it('in maintenance mode the standby that an operator started stays', async () => {
    const { stack, probe } = here()
    expect((await stack.updater.post('/maintenance', { reason: 'each container is looked at' })).status).toBe(200)
    await stack.compose('up', '-d')
    expect(await runningServices(stack)).toEqual(expect.arrayContaining(standby))
    // Before the wait: what looks from inside does not depend on how this one ends.
    for (const container of containers) await placeProbe(stack, probe, container)
    await untilHealth(stack, standby, 'healthy')
  })

  composition(here)
  network(here)
  hardening(here)
  limits(here)
  disk(here)
  health(here)

  it('all twelve have run through every attempt without a restart, and maintenance ends', async () => {
    const { stack } = here()
    // First, whatever was found: what comes after would be refused.
    await stack.endMaintenance()
    const restarts = await stack.docker('inspect', '--format', '{{.State.Running}} {{.RestartCount}}', ...containers)
    expect(new Set(restarts.split('\n'))).toEqual(new Set(['true 0']))
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: false })
  })
}
