import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHealthProbe } from '../../src/probes/health-probe.ts'
import type { Routes } from '../../src/rollout/model.ts'
import { otherColor } from '../../src/rollout/topology.ts'
import type { Color, Group } from '../../src/rollout/topology.ts'
import { createNodeFiles } from '../../src/storage/node-files.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import { engineAvailable } from '../engine/availability.ts'
import { startLoad } from './load.ts'
import { startTraefik } from './traefik-process.ts'
import type { TraefikProcess } from './traefik-process.ts'
import { startTwoColors } from './two-colors.ts'
import type { TwoColors } from './two-colors.ts'

const { traefik: binary } = engineAvailable()
const title = binary.ready ? 'a real Traefik' : `a real Traefik (not run: traefik is missing: ${binary.reason})`
const never = new AbortController().signal

describe.skipIf(!binary.ready)(title, () => {
  let directory: string
  let routesPath: string
  let skills: TwoColors
  let api: TwoColors
  let traefik: TraefikProcess
  let probe: ReturnType<typeof createHealthProbe>
  beforeEach(async () => {
    if (!binary.ready) throw new Error('skipped above')
    directory = await mkdtemp(join(tmpdir(), 'zeth-routes-'))
    routesPath = join(directory, 'dynamic', 'updater-routes.yml')
    await mkdir(join(directory, 'dynamic'))
    skills = await startTwoColors('skills')
    api = await startTwoColors('api')
    traefik = await startTraefik(binary.path, join(directory, 'dynamic'))
    probe = createHealthProbe({ entryPoints: traefik.entryPoints, preview: traefik.entryPoints['internal'] ?? null, healthUrls: [], limit: 2_000 })
  })
  afterEach(async () => {
    await traefik.stop()
    await skills.close()
    await api.close()
    await rm(directory, { recursive: true })
  })

  const router = () => createTraefikRouter({ routesPath, stagingDirectory: join(directory, '.staging'), files: createNodeFiles() })
  const routesOf = (generation: string, active: Color, groups: readonly Group[] = [skills.group, api.group]): Routes =>
    ({ generation, active, sequence: 1, topology: { groups, singletons: [] } })
  const putInForce = async (routes: Routes) => {
    await router().stage(routes)
    await router().activate(routes.generation)
  }
  const confirmed = (generation: string, groups: readonly Group[] = [skills.group, api.group]) =>
    Promise.all(groups.map((group) =>
      expect.poll(() => probe.routed(group, never), { timeout: 5_000, interval: 5 }).toMatchObject({ healthy: true, stamp: generation })))
  const textAt = async (entryPoint: string, path: string) => (await fetch(`${traefik.entryPoints[entryPoint]}${path}`)).text()

  test('serves the predecessor\'s plain file, without a stamp', async () => {
    const plain = (await readFile(new URL('../../config/traefik/dynamic/updater-routes.yml', import.meta.url), 'utf8'))
      .replace(/zetherion-ai-(skills|api)-blue:\d+/g, (_, group: string) => `127.0.0.1:${group === 'skills' ? skills.group.port : api.group.port}`)
      .replace(/zetherion-ai-(skills|api)-green:\d+/g, (_, group: string) => `127.0.0.2:${group === 'skills' ? skills.group.port : api.group.port}`)
    await writeFile(routesPath, plain)
    for (const group of [skills.group, api.group]) {
      await expect.poll(() => probe.routed(group, never), { timeout: 5_000 }).toMatchObject({ healthy: true, stamp: null })
      expect(await textAt(group.entryPoint, '/x')).toBe('blue GET /x')
    }
    expect(await router().read()).toMatchObject({ active: 'blue', generation: null })
  })

  test('stamps every entry point with the new generation after each switch, and says nothing against the file', async () => {
    for (const [generation, color] of [['g1', 'blue'], ['g2', 'green'], ['g3', 'blue']] as const) {
      await putInForce(routesOf(generation, color))
      await confirmed(generation)
      expect(await textAt('skills', '/who')).toBe(`${color} GET /who`)
      expect(await textAt('api', '/who')).toBe(`${color} GET /who`)
    }
    expect(traefik.complaints()).toEqual([])
  })

  test('shows each color on the internal entry point, without its prefix, and on no other one', async () => {
    await putInForce(routesOf('g1', 'blue'))
    await confirmed('g1')
    expect(await textAt('internal', '/preview/skills/green/who?x=1')).toBe('green GET /who?x=1')
    expect(await textAt('internal', '/preview/api/blue/')).toBe('blue GET /')
    expect(await textAt('skills', '/preview/skills/green/who')).toBe('blue GET /preview/skills/green/who')
    expect(await probe.preview(skills.group, 'green', never)).toMatchObject({ healthy: true, stamp: 'g1' })
    await skills.stop('green')
    expect(await probe.preview(skills.group, 'green', never)).toMatchObject({ healthy: false, status: 502, stamp: 'g1' })
    expect(await probe.preview(skills.group, 'blue', never)).toMatchObject({ healthy: true })
  })

  test('stamps its own 502 as well, so that a gate sees that the new routes lead to a dead color', async () => {
    await skills.stop('green')
    await putInForce(routesOf('g1', 'green'))
    await expect.poll(() => probe.routed(skills.group, never), { timeout: 5_000 }).toMatchObject({ healthy: false, status: 502, stamp: 'g1' })
  })

  test('loses no request in twenty switches under load', async () => {
    await putInForce(routesOf('g0', 'blue'))
    await confirmed('g0')
    const load = startLoad([`${traefik.entryPoints['skills']}/load`, `${traefik.entryPoints['api']}/load`], 4)
    let color: Color = 'blue'
    const waits: number[] = []
    for (let n = 1; n <= 20; n += 1) {
      color = otherColor(color)
      await router().stage(routesOf(`g${n}`, color))
      const before = performance.now()
      await router().activate(`g${n}`)
      await confirmed(`g${n}`)
      waits.push(performance.now() - before)
    }
    const report = await load.stop()
    expect(report.failures).toEqual([])
    expect(report.answeredBy).toEqual(new Set(['blue', 'green']))
    expect(report.sent).toBeGreaterThan(100)
    process.stdout.write(`20 switches, ${report.sent} requests, 0 failed; rename to stamp on both entry points: median ${Math.round(median(waits))} ms, slowest ${Math.round(Math.max(...waits))} ms\n`)
  })

  test('takes the file of a stack without groups, and the next one with groups after it', async () => {
    await putInForce(routesOf('g1', 'green', []))
    expect(await router().read()).toMatchObject({ active: 'green', generation: 'g1' })
    await putInForce(routesOf('g2', 'green'))
    await confirmed('g2')
    expect(traefik.complaints()).toEqual([])
  })

  test('asks a router that wants a host name with that name', async () => {
    const group = { ...skills.group, router: { rule: 'Host(`skills.example`)', priority: 100 } }
    await putInForce(routesOf('g1', 'blue', [group]))
    await confirmed('g1', [group])
  })
})

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
