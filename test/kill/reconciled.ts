import { readFileSync } from 'node:fs'
import { lookAtSandbox } from './observer/processes.ts'
import { readSeenRoutes } from './observer/routes-file.ts'
import { readSeenState } from './observer/state-file.ts'

export interface WorldPlaces {
  readonly routesFile: string
  readonly stateFile: string
  readonly sandbox: string
}

/** No start may take longer, on the busiest machine either; the figures tell how far below it they are, ms. */
const limit = 180_000
const lookEvery = 5

/**
 * Waits until a daemon that was started after this epoch has record and world agree: nothing open, its color routed by its
 * own generation and running, the other one gone, one bot.
 * @returns false when the daemon ended before
 * @throws Error with what was still missing, when it takes too long
 */
export async function untilReconciled(places: WorldPlaces, epoch: number, alive: () => boolean): Promise<boolean> {
  for (const deadline = performance.now() + limit; ;) {
    const missing = unreconciled(places, epoch)
    if (missing === null) return true
    if (!alive()) return false
    if (performance.now() > deadline) throw new Error(`the world was not reconciled within ${limit} ms: ${missing}`)
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
}

/** What is missing for record and world to agree, seen from outside; null when nothing is. */
function unreconciled({ routesFile, stateFile, sandbox }: WorldPlaces, epoch: number): string | null {
  const text = readStarted(stateFile)
  if (text === null) return 'there is no record yet'
  const state = readSeenState(text)
  if (state.epoch <= epoch) return 'the new daemon has not written yet'
  if (state.operation !== null) return `an operation is open: ${state.operation.phase}`
  const routes = readSeenRoutes(readFileSync(routesFile, 'utf8'))
  if (routes.color !== state.activeColor || routes.generation === null || routes.generation !== state.generation) return `the routes lead to ${routes.color}`
  const running = lookAtSandbox(sandbox).processes.map(({ service }) => service).sort()
  const wanted = ['api', 'skills'].map((group) => `zetherion-ai-${group}-${state.activeColor}`).concat('zetherion-ai-bot').sort()
  return running.join() === wanted.join() ? null : `these run: ${running.join(', ')}`
}

function readStarted(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
