import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/free-port.js'
import { createGitSource } from '../../src/git/git-source.ts'
import type { ContainerRuntime } from '../../src/rollout/ports.ts'
import { hostTablePath } from '../../src/sandbox/runtime.ts'
import { startGatewayProcess } from './gateway-process.ts'
import { handsOn } from './hands.ts'
import { startProcess, type OwnProcess } from './process.ts'
import { makeProject, repository, skillsSecret, type Project } from './project.ts'
import { removeContainers, runtimeBelow } from './sandbox-containers.ts'
import { shortened, type Shortened, type Stack } from './stack.ts'
import { createUpdaterProcess } from './updater-process.ts'
import { updaterSettings, writeUpdaterConfig } from './updater-config.ts'
import { wholeOrNothing, type Endings } from './whole-or-nothing.ts'

export interface SandboxStackOptions {
  /** Release that runs at first. */
  readonly first: string
  readonly limits?: Partial<Shortened> & Readonly<Record<string, string>>
  readonly policy?: Readonly<Record<string, unknown>>
  /** Every process in a session of its own, with its output on files: a Ctrl-C does not reach it, and it may outlive us. */
  readonly detached?: boolean
  /** Called before anything runs on the project: what lies below it may be put on another disk. Answers with what takes that back. */
  readonly onProject?: (project: Project) => Promise<() => Promise<unknown>>
}

const services = ['zetherion-ai-skills-blue', 'zetherion-ai-api-blue', 'zetherion-ai-bot']

/** The whole stack as plain processes on loopback: router, gateway, the first release on blue. The updater is not started yet. */
export function startSandboxStack(options: SandboxStackOptions): Promise<Stack> {
  return wholeOrNothing((endings, close) => bringUp(options, endings, close))
}

async function bringUp(options: SandboxStackOptions, endings: Endings, close: () => Promise<void>): Promise<Stack> {
  const detached = options.detached === true
  const root = await mkdtemp(join(tmpdir(), 'zetherion-sandbox-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  const gateway = await startGatewayProcess({ root, detached })
  endings.push(() => gateway.process.end('SIGTERM'))
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
  const takeBack = await options.onProject?.(project)
  if (takeBack !== undefined) endings.push(takeBack)
  const sandbox = join(root, 'sandbox')
  await mkdir(sandbox, { recursive: true })
  const router = await startRouterProcess(root, join(state, 'traefik/dynamic'), hostTablePath(sandbox), detached)
  endings.push(() => router.process.end('SIGTERM'))
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
  const runtime = runtimeBelow(root, {
    'zetherion-ai-traefik': { 8080: { host: '127.0.0.1', port: router.ports['skills'] ?? 0 } },
    'zetherion-ai-updater': { 9090: { host: '127.0.0.1', port: updaterPort } },
  })
  endings.push(() => removeContainers(runtime))
  await bringUpFirst(runtime, project.directory, state, project.release(options.first).commit, options.first)

  const updater = createUpdaterProcess(root, detached, {
    ...updaterSettings(project, config),
    UPDATER_PORT: String(updaterPort),
  })
  endings.push(() => updater.end())
  return handsOn({ kind: 'sandbox', root, project, entryPoints, updater, gateway, processes: { router: router.process }, detached, close })
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

interface RouterProcess {
  readonly process: OwnProcess
  readonly ports: Readonly<Record<string, number>>
}

/** The router outlives the updater, as Traefik does, so it is a process of its own. */
async function startRouterProcess(root: string, routes: string, hosts: string, detached: boolean): Promise<RouterProcess> {
  const portsFile = join(root, 'router-ports.json')
  const router = await startProcess({
    argv: [
      join(repository, 'dist/sandbox-router.cjs'), '--routes', routes, '--hosts', hosts,
      '--entry-point', 'skills=0', '--entry-point', 'api=0', '--entry-point', 'internal=0', '--ports-file', portsFile,
    ],
    logFile: join(root, 'router.log'),
    detached,
  })
  try {
    return { process: router, ports: await readWhenThere(portsFile, router) }
  } catch (error) {
    await router.end('SIGKILL')
    throw error
  }
}

async function readWhenThere(path: string, router: OwnProcess): Promise<Record<string, number>> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text !== null) {
      const ports: unknown = JSON.parse(text)
      return Object.fromEntries(Object.entries(ports ?? {}).map(([name, port]) => [name, Number(port)]))
    }
    if (!router.alive) throw new Error('the router ended before it served')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the router did not serve within 10 s')
}

function origin(port: number | undefined): string {
  return `http://127.0.0.1:${port}`
}
