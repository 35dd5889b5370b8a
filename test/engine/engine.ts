import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { machineScripts, engineAvailable, missing } from './availability.ts'

/** A Docker engine of our own, with the base images of base-images.sh in it. It ends with the process that started it. */
export interface Engine {
  readonly socketPath: string
  /** What a client's environment needs to talk to this engine and to no other; complete, with PATH and HOME. */
  readonly env: Readonly<Record<'DOCKER_HOST' | 'DOCKER_CONFIG' | 'PATH' | 'HOME', string>>
  /** Compose v2 as a command of its own; with `env`, `docker compose` works as well. */
  readonly composeCommand: readonly string[]
  /** The image to name in a compose file for the Traefik that runs here. */
  readonly traefikImage: string
  /** Removes everything: containers, engine, networks, files. May be called twice. */
  stop(): Promise<void>
  /** SIGKILL to the engine, at once, and its containerd, as a crash would; containers keep running. */
  kill(): Promise<void>
  /** Starts the engine again on its data: after `kill`, or in an orderly way when it runs. */
  restart(): Promise<void>
  /** Loses the power of its host, as far as that goes here, and comes back: engine and containers are killed at once. */
  reboot(): Promise<void>
}

export interface EngineOptions {
  /** Bytes of a disk of its own for its images and containers; default: this machine's disk. It is lost with the engine. */
  readonly disk?: number
  /** `stack`: it begins with the images of the whole stack too, where an earlier engine of such was given them and `keepImages` kept them. */
  readonly images?: Images
}

type Images = 'base' | 'stack'

/**
 * Starts an engine in a directory of its own (about 1 s, and 5 s for the base images where none are kept yet).
 * @throws Error saying what is missing, or with the last lines of the engine's log
 */
export async function startEngine({ disk, images = 'base' }: EngineOptions = {}): Promise<Engine> {
  const availability = engineAvailable()
  const { docker, traefik, compose } = availability
  if (!docker.ready || !traefik.ready || !compose.ready) {
    throw new Error(`No engine can be started: ${missing(availability, ['docker', 'traefik', 'compose']) ?? ''}`)
  }
  const directory = await mkdtemp(join(tmpdir(), 'zeth-engine-'))
  const socketPath = join(directory, 'docker.sock')
  const destroy = () => run('engine.sh', ['destroy', directory])
  try {
    if (disk !== undefined) await mountDisk(join(directory, 'data'), disk)
    await run('kept-images.sh', ['lay', images, directory])
    // The owner's end, SIGKILL included, ends the engine: engine.sh leaves a watcher behind.
    await run('engine.sh', ['start', directory, '--owner', String(process.pid)])
    await run('base-images.sh', [socketPath])
    if (images === 'base') await keepImages({ socketPath }, 'base')
  } catch (error) {
    await destroy()
    throw error
  }

  return {
    socketPath,
    env: {
      DOCKER_HOST: `unix://${socketPath}`,
      DOCKER_CONFIG: dirname(dirname(compose.path)),
      PATH: `${dirname(docker.path)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: directory,
    },
    composeCommand: [compose.path],
    traefikImage: `traefik:${basename(dirname(traefik.path))}`,
    stop: destroy,
    async kill() {
      process.kill(Number(await readFile(join(directory, 'docker.pid'), 'utf8')), 'SIGKILL')
      await run('engine.sh', ['kill', directory])
    },
    restart: () => run('engine.sh', ['restart', directory]),
    reboot: () => run('engine.sh', ['reboot', directory]),
  }
}

/** Keeps the images of an engine that has all of a kind, and no container yet, for the engines after it. */
export function keepImages({ socketPath }: Pick<Engine, 'socketPath'>, images: Images): Promise<void> {
  return run('kept-images.sh', ['keep', images, dirname(socketPath)])
}

/** In memory; engine.sh unmounts whatever is mounted below its directory. */
async function mountDisk(directory: string, bytes: number): Promise<void> {
  await mkdir(directory)
  await runFile('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
}

const runFile = promisify(execFile)

async function run(script: string, args: readonly string[]): Promise<void> {
  await runFile(`${machineScripts}${script}`, [...args], { timeout: 120_000, encoding: 'utf8' })
}
