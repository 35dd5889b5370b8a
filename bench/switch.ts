import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHealthProbe } from '../src/probes/health-probe.ts'
import type { Routes } from '../src/rollout/model.ts'
import { stampHeader } from '../src/rollout/stamp.ts'
import { otherColor, type Color } from '../src/rollout/topology.ts'
import { createNodeFiles } from '../src/storage/node-files.ts'
import { renderRoutes } from '../src/traefik/render.ts'
import { defaultTransportLimits } from '../src/traefik/transport-limits.ts'
import { createTraefikRouter } from '../src/traefik/traefik-router.ts'
import { engineAvailable } from '../test/engine/availability.ts'
import { startLoad } from '../test/traefik/load.ts'
import { startTraefik } from '../test/traefik/traefik-process.ts'
import { startTwoColors } from '../test/traefik/two-colors.ts'
import { Missing, type Bench } from './bench.ts'
import type { Row } from './table.ts'

/** Longer than Traefik's throttle, so that no switch waits for the one before it. */
const betweenSwitches = 300
const limit = 10_000

/** Replacement of the routes file → stamped 200 on every entry point of a real Traefik. */
export const switchBench: Bench = {
  name: 'switch',
  runs: 20,
  measure: async (runs) => {
    const { traefik } = engineAvailable()
    if (!traefik.ready) throw new Missing(`traefik is missing: ${traefik.reason}`)
    return measureSwitches(traefik.path, runs)
  },
}

async function measureSwitches(binary: string, runs: number): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-bench-switch-'))
  const routesPath = join(directory, 'dynamic/routes.yml')
  await mkdir(join(directory, 'dynamic'))
  const [skills, api] = [await startTwoColors('skills'), await startTwoColors('api')]
  const groups = [skills.group, api.group]
  const traefik = await startTraefik(binary, join(directory, 'dynamic'))
  const probe = createHealthProbe({ entryPoints: traefik.entryPoints, preview: null, healthUrls: [], limit: 2_000 })
  const router = createTraefikRouter({ routesPath, stagingDirectory: join(directory, '.staging'), files: createNodeFiles() })
  const urls = groups.map(({ entryPoint }) => `${traefik.entryPoints[entryPoint]}/health`)

  let [color, number]: [Color, number] = ['blue', 0]
  const next = (): Routes => {
    color = otherColor(color)
    number += 1
    return { generation: `g${number}`, active: color, sequence: number, topology: { groups, singletons: [] } }
  }
  const byUpdater = async (): Promise<number> => {
    const routes = next()
    await router.stage(routes)
    const begun = performance.now()
    await router.activate(routes.generation)
    await Promise.all(groups.map((group) => until(begun, async () => {
      const { healthy, stamp } = await probe.routed(group, AbortSignal.timeout(limit))
      return healthy && stamp === routes.generation
    })))
    return performance.now() - begun
  }
  const byHand = async (): Promise<number> => {
    const routes = next()
    await writeFile(join(directory, 'by-hand'), renderRoutes(routes, defaultTransportLimits))
    const begun = performance.now()
    await rename(join(directory, 'by-hand'), routesPath)
    await Promise.all(urls.map((url) => until(begun, async () => (await stampOf(url)) === routes.generation)))
    return performance.now() - begun
  }
  const alternate = async (): Promise<{ ours: number[]; raw: number[] }> => {
    const [ours, raw]: [number[], number[]] = [[], []]
    for (let run = 0; run < runs; run += 1) {
      for (const [samples, change] of [[ours, byUpdater], [raw, byHand]] as const) {
        await new Promise((resolve) => setTimeout(resolve, betweenSwitches))
        samples.push(await change())
      }
    }
    return { ours, raw }
  }

  try {
    await byUpdater()
    const idle = await alternate()
    const load = startLoad(urls, 2)
    const loaded = await alternate()
    const { sent, failures } = await load.stop()
    if (failures.length > 0) throw new Error(`${failures.length} of ${sent} requests failed: ${failures[0] ?? ''}`)
    return [
      { what: 'routes file replaced → stamped on both entry points, idle', unit: 'ms', samples: idle.ours, goal: 300 },
      { what: 'bare rename and a loop of GETs, idle', unit: 'ms', samples: idle.raw, raw: true },
      { what: `the same under load (${sent} requests, 0 failed)`, unit: 'ms', samples: loaded.ours, goal: 300 },
      { what: 'bare rename and a loop of GETs, under load', unit: 'ms', samples: loaded.raw, raw: true },
    ]
  } finally {
    await traefik.stop()
    await skills.close()
    await api.close()
    await rm(directory, { recursive: true })
  }
}

async function until(begun: number, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (performance.now() - begun > limit) throw new Error(`the new routes were not in force within ${limit} ms`)
  }
}

/** The generation that a 200 carries. */
function stampOf(url: string): Promise<string | null> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (answer) => answer.resume().on('end', () => {
      const stamp = answer.headers[stampHeader.toLowerCase()]
      resolve(answer.statusCode === 200 && typeof stamp === 'string' ? stamp : null)
    })).on('error', () => resolve(null))
  })
}
