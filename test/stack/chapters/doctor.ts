import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { checkIds } from '../../../src/diagnosis/finding.ts'
import { at } from '../../sandbox/daemon/waiting.ts'
import { inside } from '../harness/inside.ts'
import type { Here } from './scene.ts'

/** Told when blue serves and the standby is retired. */
export function doctorInside(here: Here): void {
  it('updaterctl doctor, run in the updater\'s container, finds nothing wrong and has Traefik take the routes anew', async () => {
    const { code, output } = await inside(here().stack, 'zetherion-ai-updater', ['updaterctl', 'doctor', '--json'])
    const report: unknown = JSON.parse(output)
    const checks = at(report, 'checks')
    const told = (Array.isArray(checks) ? checks : []).map((check) => [String(at(check, 'id')), at(check, 'verdict')] as const)
    expect(told.filter(([, verdict]) => verdict === 'wrong' || verdict === 'warning'), output).toEqual([])
    expect(code).toBe(0)
    expect(told.map(([id]) => id)).toEqual([...checkIds])
    for (const id of ['secret', 'socket', 'engine', 'compose', 'project_mount', 'routes_place', 'clock', 'entry_points', 'previews', 'reload', 'agreement', 'standby']) expect(Object.fromEntries(told)[id], id).toBe('ok')
    expect(at(report, 'serves', 'color')).toBe('blue')
  })

  it('from inside of its container, with no mount for it, the updater sees how much is free on the engine\'s disk', async () => {
    const { stack } = here()
    const { output } = await inside(stack, 'zetherion-ai-updater', ['updaterctl', 'doctor', '--json'])
    const checks = at(JSON.parse(output), 'checks')
    const found = (Array.isArray(checks) ? checks : []).flatMap((check) => (at(check, 'id') === 'engine_disk' ? [String(at(check, 'found'))] : []))
    const root = await stack.docker('info', '--format', '{{.DockerRootDir}}')
    const [, amount = '', unit = '', where = ''] = /^([\d.]+) (MB|GB) are free in (\S+)\.$/.exec(found.join()) ?? []
    const { bavail, bsize } = await statfs(dirname(stack.engine.socketPath))
    expect(where, found.join()).toBe(root)
    expect(Math.abs(Number(amount) * (unit === 'GB' ? 1e9 : 1e6) - bavail * bsize), 'bytes apart from what the host sees').toBeLessThan(1e9)
  })
}
