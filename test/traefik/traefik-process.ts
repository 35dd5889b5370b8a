import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { freePort } from '../../scripts/free-port.js'
import { internalEntryPoint } from '../../src/rollout/stamp.ts'

/** A real Traefik with our static configuration, on loopback ports. */
export interface TraefikProcess {
  /** Base URL of each entry point, the internal one included. */
  readonly entryPoints: Readonly<Record<string, string>>
  /** Warnings and errors of its log since it was ready. */
  complaints(): string[]
  stop(): Promise<void>
}

/**
 * Runs the binary with config/traefik/traefik.yml, of which only addresses and the watched directory are changed.
 * @throws Error with its log when it does not answer its ping within 10 s
 */
export async function startTraefik(binary: string, dynamicDirectory: string): Promise<TraefikProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-traefik-'))
  const configuration = parse(await readFile(new URL('../../config/traefik/traefik.yml', import.meta.url), 'utf8'))
  const names = Object.keys(configuration.entryPoints)
  const ports = await freePorts(names.length)
  const entryPoints: Record<string, string> = {}
  names.forEach((name, index) => {
    configuration.entryPoints[name].address = `127.0.0.1:${ports[index]}`
    entryPoints[name] = `http://127.0.0.1:${ports[index]}`
  })
  configuration.providers.file.directory = dynamicDirectory
  await writeFile(join(directory, 'traefik.yml'), stringify(configuration))

  const child = spawn(binary, [`--configfile=${join(directory, 'traefik.yml')}`], { stdio: ['ignore', 'pipe', 'pipe'], env: {} })
  const log: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => log.push(chunk.toString()))
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(directory, { recursive: true })
  }
  try {
    await answersPing(`${entryPoints[internalEntryPoint]}/ping`)
  } catch (error) {
    await stop()
    throw new Error(`Traefik did not start: ${log.join('')}`, { cause: error })
  }
  const start = log.join('').length
  return {
    entryPoints,
    complaints: () => log.join('').slice(start).split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line)),
    stop,
  }
}

async function answersPing(url: string): Promise<void> {
  const limit = AbortSignal.timeout(10_000)
  for (;;) {
    try {
      if ((await fetch(url, { signal: limit })).ok) return
    } catch (error) {
      // Refused until it listens.
      if (limit.aborted) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Ports that nobody listens on, all different. Traefik cannot tell which one it took for 0. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}
