import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get, type Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { freePort } from '../scripts/free-port.js'
import type { Stack } from '../demo/stack/stack.ts'

/** A server that was started and has answered. */
export interface Started {
  readonly pid: number
  readonly url: string
  /** From before its process was spawned to its first 200, ms. */
  readonly took: number
  /** CPU time of all its threads until then, ms: what a busy machine does not change. */
  readonly cpu: number
  end(): Promise<unknown>
}

/** Two programs of one size: how long Node itself takes. */
export const bareServer = fileURLToPath(new URL('bare-server.cjs', import.meta.url))

/** How often a starting server is asked, ms. */
const pause = 1
const limit = 20_000

/** Starts the bundled updater on a stack, at a port that is asked from before its start on. */
export async function startUpdater(stack: Stack): Promise<Started> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const begun = performance.now()
  const daemon = stack.startUpdater({ env: { UPDATER_HOST: '127.0.0.1', UPDATER_PORT: String(port) } })
  const took = await Promise.race([firstAnswer(`${url}/health`, begun), rejectionOf(daemon)])
  const { pid } = await daemon
  return { pid, url, took, cpu: await cpuOf(pid), end: async () => (await daemon).end('SIGTERM') }
}

/** Starts a node http server of three lines the same way. */
export async function startBareServer(): Promise<Started> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const begun = performance.now()
  const child = spawn(process.execPath, [bareServer, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(child, 'exit')
  const took = await Promise.race([firstAnswer(`${url}/health`, begun), exited.then(() => {
    throw new Error('the bare server ended before it answered')
  })])
  const pid = child.pid ?? 0
  return {
    pid,
    url,
    took,
    cpu: await cpuOf(pid),
    end: async () => {
      child.kill()
      await exited
    },
  }
}

/** `node -e 0`, from spawn to exit, ms. */
export async function runEmptyProgram(): Promise<number> {
  const begun = performance.now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  await once(child, 'exit')
  return performance.now() - begun
}

/** Resident memory of a process as the kernel counts it, MB. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory`)
  return Number(kilobytes) / 1024
}

/** Kernel ticks are 10 ms on every Linux that this runs on. */
async function cpuOf(pid: number): Promise<number> {
  const [user = 0, system = 0] = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ').slice(11, 13).map(Number)
  return (user + system) * 10
}

/** Settles only if the promise rejects. */
function rejectionOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => void promise.catch(reject))
}

/** Status of one GET; 0 for a connection that was refused or broke. */
export function statusOf(url: string, headers: Record<string, string> = {}, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    get(url, { headers, agent: agent ?? false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
      .on('error', () => resolve(0))
  })
}

async function firstAnswer(url: string, begun: number): Promise<number> {
  while (performance.now() - begun < limit) {
    if ((await statusOf(url)) === 200) return performance.now() - begun
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throw new Error(`${url} did not answer within ${limit} ms`)
}
