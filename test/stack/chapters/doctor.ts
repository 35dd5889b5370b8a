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
}
