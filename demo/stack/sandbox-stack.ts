import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../reference-app/src/gateway.js'
import { createGitSource } from '../../src/git/git-source.ts'
import type { Container } from '../../src/rollout/model.ts'
import type { ContainerRuntime } from '../../src/rollout/ports.ts'
import { createSandboxRuntime, hostTablePath } from '../../src/sandbox/runtime.ts'
import { createSystemClock } from '../../src/storage/system-clock.ts'
import { createClient, createSkillsClient } from './client.ts'
import { startDaemon, type Daemon } from './daemon.ts'
import { loadTargetsOf } from './load-targets.ts'
import { makeProject, repository, skillsSecret } from './project.ts'
import { shortened, type Shortened, type Stack } from './stack.ts'
import { writeUpdaterConfig } from './updater-config.ts'

export interface SandboxStackOptions {
  /** Release that runs at first. */
  readonly first: string
  readonly limits?: Partial<Shortened> & Readonly<Record<string, string>>
  readonly policy?: Readonly<Record<string, unknown>>
}

const services = ['zetherion-ai-skills-blue', 'zetherion-ai-api-blue', 'zetherion-ai-bot']
const allServices = [...services, 'zetherion-ai-skills-green', 'zetherion-ai-api-green']

/** The whole stack as plain processes on loopback: router, gateway, the first release on blue. The updater is not started yet. */
export async function startSandboxStack(options: SandboxStackOptions): Promise<Stack> {
  const root = await mkdtemp(join(tmpdir(), 'zetherion-sandbox-'))
  const gateway = await startGateway({ port: 0 })
  const updaterPort = await freePort()
  const state = join(root, 'project/state')
  const project = await makeProject(root, options.first, {
    SKILLS_API_SECRET: skillsSecret,
    GATEWAY_URL: gateway.url,
    SKILLS_HOST: '127.0.0.1',
    API_HOST: '127.0.0.1',
    BOT_HEALTH_HOST: '127.0.0.1',
    SKILLS_SERVICE_URL: 'http://zetherion-ai-traefik:8080',
    UPDATER_URL: 'http://zetherion-ai-updater:9090',
    SKILLS_UPDATER_SECRET_PATH: join(state, 'secret/.updater-secret'),
    BOT_LOG_DIR: join(root, 'project/logs'),
    BOT_CALL_INTERVAL_MS: '250',
  })
  const sandbox = join(root, 'sandbox')
  await mkdir(sandbox, { recursive: true })
  const router = await startRouterProcess(root, join(state, 'traefik/dynamic'), hostTablePath(sandbox))
  const entryPoints = { skills: origin(router.ports['skills']), api: origin(router.ports['api']), internal: origin(router.ports['internal']) }
  const hosts = {
    'zetherion-ai-traefik:8080': `127.0.0.1:${router.ports['skills']}`,
    'zetherion-ai-traefik:8443': `127.0.0.1:${router.ports['api']}`,
    'zetherion-ai-updater:9090': `127.0.0.1:${updaterPort}`,
  }
  const config = join(root, 'updater.yml')
  await writeUpdaterConfig(config, {
    limits: { ...shortened, ...options.limits },
    entryPoints,
    runtime: { kind: 'sandbox', directory: sandbox, hosts },
    ...(options.policy && { policy: options.policy }),
  })
  const runtime = createSandboxRuntime({
    directory: sandbox,
    releasesDirectory: join(state, 'releases'),
    projectDirectory: project.directory,
    composeFiles: ['docker-compose.yml'],
    supervisor: join(repository, 'dist/sandbox-supervisor.cjs'),
    hosts: {
      'zetherion-ai-traefik': { 8080: { host: '127.0.0.1', port: router.ports['skills'] ?? 0 } },
      'zetherion-ai-updater': { 9090: { host: '127.0.0.1', port: updaterPort } },
    },
    log: { info: () => undefined, warn: console.warn, error: console.error },
    clock: createSystemClock(),
  })
  await bringUpFirst(runtime, project.directory, state, project.release(options.first).commit, options.first)

  let daemon: Daemon | null = null
  const current = (): Daemon => {
    if (daemon === null) throw new Error('the updater was not started')
    return daemon
  }
  return {
    kind: 'sandbox',
    project,
    entryPoints,
    secret: project.secret,
    updater: createClient(() => current().url, project.secret),
    skills: createSkillsClient(() => entryPoints.skills),
    loadTargets: loadTargetsOf(entryPoints),
    gateway: () => Promise.resolve(gateway.report()),
    routes: () => readFile(join(state, 'traefik/dynamic/updater-routes.yml'), 'utf8'),
    daemon: current,
    async startUpdater({ env = {}, onLine } = {}) {
      daemon = await startDaemon({
        logFile: join(root, 'updater.log'),
        ...(onLine && { onLine }),
        env: {
          PROJECT_DIR: project.directory,
          UPDATER_CONFIG: config,
          UPDATER_STATE_PATH: join(state, 'updater-state.json'),
          UPDATER_TRAEFIK_DYNAMIC_PATH: join(state, 'traefik/dynamic/updater-routes.yml'),
          UPDATER_SECRET_PATH: join(state, 'secret/.updater-secret'),
          UPDATER_PORT: String(updaterPort),
          AUTO_UPDATE_REPO: project.remote,
          ...env,
        },
      })
      return daemon
    },
    async close() {
      if (daemon !== null) await daemon.end('SIGTERM')
      await stopAll(runtime)
      await router.stop()
      await gateway.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** What an operator's first `up` does, with the sandbox's means. */
async function bringUpFirst(runtime: ContainerRuntime, projectDirectory: string, stateDirectory: string, commit: string, tag: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  const source = createGitSource({ remote: join(projectDirectory, '../remote.git'), stateDirectory, projectDirectory, limit: 10_000, log: { info: () => undefined, warn: console.warn, error: console.error } })
  await source.fetch(tag, commit, signal)
  await source.checkout(commit, signal)
  const release = { tag, version: tag.replace(/^v/, ''), commit }
  await runtime.build(release, services, () => undefined, signal)
  await runtime.tag(release, services, signal)
  await runtime.up(release, services, signal)
}

async function stopAll(runtime: ContainerRuntime): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  const containers: Container[] = await runtime.containers(allServices, signal)
  await Promise.all(containers.map(async ({ id }) => {
    await runtime.stop(id, 2_000, signal)
    await runtime.remove(id, signal)
  }))
}

interface RouterProcess {
  readonly ports: Readonly<Record<string, number>>
  stop(): Promise<void>
}

/** The router outlives the updater, as Traefik does, so it is a process of its own. */
async function startRouterProcess(root: string, routes: string, hosts: string): Promise<RouterProcess> {
  const log = await open(join(root, 'router.log'), 'a')
  const portsFile = join(root, 'router-ports.json')
  const child: ChildProcess = spawn(process.execPath, [
    join(repository, 'dist/sandbox-router.cjs'), '--routes', routes, '--hosts', hosts,
    '--entry-point', 'skills=0', '--entry-point', 'api=0', '--entry-point', 'internal=0', '--ports-file', portsFile,
  ], { stdio: ['ignore', log.fd, log.fd] })
  const exited = once(child, 'exit')
  await log.close()
  const ports = await readWhenThere(portsFile, exited)
  return {
    ports,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function readWhenThere(path: string, exited: Promise<unknown>): Promise<Record<string, number>> {
  let gone = false
  void exited.then(() => { gone = true })
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text !== null) {
      const ports: unknown = JSON.parse(text)
      return Object.fromEntries(Object.entries(ports ?? {}).map(([name, port]) => [name, Number(port)]))
    }
    if (gone) throw new Error('the router ended before it served')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the router did not serve within 10 s')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port could be had')
  return address.port
}

function origin(port: number | undefined): string {
  return `http://127.0.0.1:${port}`
}
