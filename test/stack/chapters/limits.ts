import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { probe, probed } from '../harness/inside.ts'
import { containers, each } from '../statements/services.ts'
import type { Here, Scene } from './scene.ts'

const mebibyte = 1024 ** 2
/** What a machine must have left while a container takes all that it may, bytes. */
const spare = 1024 * mebibyte
/** More processes than any container may have. */
const bomb = 5_000

/** Told while both colors run. Every hog runs beside the service, inside the service's own limits. */
export function limits(here: Here): void {
  it('a program that takes more memory than its container may have is killed there, and the service beside it lives on', async () => {
    const { stack } = here()
    for (const [container, { memory }] of each) {
      const limit = Number(await stack.docker('inspect', '--format', '{{.HostConfig.Memory}}', container))
      if (memory !== null) expect(limit, `memory of ${container}`).toBe(memory * mebibyte)
      expect(limit, `${container} has a limit`).toBeGreaterThan(0)
      expect(await available(), `this machine has too little memory to reach the limit of ${container}: bytes`).toBeGreaterThan(limit + spare)
      const before = await alive(here(), container)
      const { code, told } = await probe(stack, container, ['memory', String(limit + 256 * mebibyte)])
      expect(code, `${container}: killed`).toBe(137)
      const taken = Number(told.at(-1) ?? 0)
      expect(taken, `${container}: taken before`).toBeLessThanOrEqual(limit)
      expect(taken, `${container}: it could use most of it`).toBeGreaterThan(limit / 3)
      expect(await alive(here(), container)).toBe(before)
    }
  }, 300_000)

  it('a fork bomb ends at the limit of its container, and the service beside it lives on', async () => {
    const { stack } = here()
    for (const container of containers) {
      const limit = Number(await stack.docker('inspect', '--format', '{{.HostConfig.PidsLimit}}', container))
      const before = await alive(here(), container)
      const { outcome, started } = await probed(stack, container, ['fork', String(bomb)])
      expect(outcome, container).toBe('resource temporarily unavailable')
      expect(Number(started), container).toBeLessThan(limit)
      expect(await alive(here(), container)).toBe(before)
    }
  }, 240_000)

  it('no container takes more processors than its limit', async () => {
    const { stack } = here()
    const most = availableParallelism()
    for (const [container, { cpus }] of each) {
      const limit = Number(await stack.docker('inspect', '--format', '{{.HostConfig.NanoCpus}}', container)) / 1e9
      // The engine refuses more than the machine has: there scripts/first-start.sh sets what there is.
      if (cpus !== null) expect(limit, `processors of ${container}`).toBe(Math.min(cpus, most))
      expect(limit, `${container} has a limit`).toBeGreaterThan(0)
      // With no more processors than the limit the machine itself is the bound, and the kernel's figure all that there is.
      expect(await quotaOf(here(), container), `quota of ${container} in the kernel`).toBe(limit)
      const { processors } = await probed(stack, container, ['burn', '1'])
      expect(Number(processors), container).toBeLessThan(limit * 1.2 + 0.1)
    }
  }, 240_000)
}

/** Which start of a container runs. */
function alive({ stack }: Scene, container: string): Promise<string> {
  return stack.docker('inspect', '--format', '{{.State.Running}} {{.State.StartedAt}} {{.RestartCount}}', container)
}

/** Memory that this machine could give to a program now, bytes. */
async function available(): Promise<number> {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024
}

/** Processors that the kernel lets a container's control group have. */
async function quotaOf({ stack }: Scene, container: string): Promise<number> {
  const groups = await readFile(`/proc/${await stack.docker('inspect', '--format', '{{.State.Pid}}', container)}/cgroup`, 'utf8')
  const [, hierarchy = '', path = ''] = /^\d+:([^:]*\bcpu\b[^:]*):(.*)$/m.exec(groups) ?? /^0:(:)(.*)$/m.exec(groups) ?? []
  if (hierarchy === ':') {
    const [quota, period] = (await readFile(`/sys/fs/cgroup${path}/cpu.max`, 'utf8')).split(' ').map(Number)
    return (quota ?? NaN) / (period ?? NaN)
  }
  const file = (name: string): Promise<string> => readFile(`/sys/fs/cgroup/${hierarchy}${path}/cpu.${name}`, 'utf8')
  return Number(await file('cfs_quota_us')) / Number(await file('cfs_period_us'))
}
