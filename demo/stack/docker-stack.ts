import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../scripts/free-port.js'
import { request } from 'undici'
import { assertNamesAreFree, dockerCommand, hostAddressOf, managedImages, type DockerCommand, type DockerEngine } from './docker-engine.ts'
import { startGatewayProcess } from './gateway-process.ts'
import { handsOn } from './hands.ts'
import { makeProject, skillsSecret } from './project.ts'
import type { SandboxStackOptions } from './sandbox-stack.ts'
import { shortened, type Shortened, type Stack } from './stack.ts'
import { createUpdaterProcess } from './updater-process.ts'
import { updaterSettings, writeUpdaterConfig, type UpdaterConfig } from './updater-config.ts'
import { wholeOrNothing, type Endings } from './whole-or-nothing.ts'

export interface DockerStackOptions extends SandboxStackOptions {
  readonly engine: DockerEngine
  /** Compose project; its containers are named as in the compose file. */
  readonly projectName?: string
  /** What else the operator's own override says, given the address of this host on the engine's bridge. */
  readonly override?: (hostAddress: string) => Override
}

/** Part of a compose file. */
export interface Override {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly networks?: Readonly<Record<string, unknown>>
}

/** A stack on a real engine, and the hands of its operator. */
export interface DockerStack extends Stack {
  readonly docker: DockerCommand
  /** Docker Compose in the operator's tree, as an operator calls it: nothing but the tree tells it what to do. */
  compose(...args: string[]): Promise<string>
  /** From its next start on the updater has these limits besides those that the stack was brought up with, until it is told others. */
  setLimits(limits: UpdaterConfig['limits']): Promise<void>
}

/** Shortened less than for plain processes: each container may have half a core at most, of a machine that also builds. */
const shortenedOnEngine: Shortened = {
  ...shortened,
  directHealth: '8s',
  previewHealth: '6s',
  routedHealth: '20s',
  singletonHealth: '30s',
}

/** How long the first release may take until it answers through Traefik, ms. */
const firstLimit = 60_000

/**
 * The whole stack in containers, brought up as an operator does: `docker compose up -d --build` in a clone of the release
 * repository. Updater and chat gateway are processes of this host, at the engine's bridge. The updater is not started yet.
 * @throws Error when the engine cannot carry it, or has a stack of these names; nothing is left behind then
 */
export function startDockerStack(options: DockerStackOptions): Promise<DockerStack> {
  return wholeOrNothing((endings, close) => bringUp(options, endings, close))
}

async function bringUp(options: DockerStackOptions, endings: Endings, close: () => Promise<void>): Promise<DockerStack> {
  const { engine, first, projectName = 'zetherion-demo', detached = false } = options
  const docker = dockerCommand(engine)
  await assertNamesAreFree(docker)
  const hostAddress = await hostAddressOf(docker)
  const root = await mkdtemp(join(tmpdir(), 'zetherion-docker-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  const gateway = await startGatewayProcess({ root, host: hostAddress, detached })
  endings.push(() => gateway.process.end('SIGTERM'))
  const updaterPort = await freePort(hostAddress)
  const project = await makeProject(root, first, {
    COMPOSE_PROJECT_NAME: projectName,
    SKILLS_API_SECRET: skillsSecret,
    GATEWAY_URL: `tcp://zetherion-ai-gateway:${gateway.port}`,
    UPDATER_URL: `http://zetherion-ai-updater:${updaterPort}`,
    BOT_CALL_INTERVAL_MS: '250',
    ...(engine.traefikImage !== undefined && { TRAEFIK_IMAGE: engine.traefikImage }),
  })
  await writeFile(join(project.directory, 'docker-compose.override.yml'), stringify(operatorsOverride(options.override?.(hostAddress)), { aliasDuplicateObjects: false }))
  const compose = (...args: string[]): Promise<string> => docker(['compose', ...args], { cwd: project.directory })
  endings.push(async () => {
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '2')
    const images = await managedImages(docker)
    if (images.length > 0) await docker(['image', 'rm', '--force', ...images])
  })
  // The bot waits for its first health check, which comes an interval after its start: meanwhile the images are built.
  await compose('up', '-d', 'zetherion-ai-traefik')
  await compose('up', '-d', '--build')
  const entryPoints = await entryPointsOf(docker)
  await Promise.all([answers(`${entryPoints.skills}/health`), answers(`${entryPoints.api}/health`)])

  const config = join(root, 'updater.yml')
  const setLimits = (limits: UpdaterConfig['limits']): Promise<void> => writeUpdaterConfig(config, {
    limits: { ...shortenedOnEngine, ...options.limits, ...limits },
    entryPoints,
    docker: { project: projectName },
    ...(options.policy && { policy: options.policy }),
  })
  await setLimits({})
  const updater = createUpdaterProcess(root, detached, {
    ...engine.env,
    ...updaterSettings(project, config),
    UPDATER_HOST: hostAddress,
    UPDATER_PORT: String(updaterPort),
  })
  endings.push(() => updater.end())
  return { ...handsOn({ kind: 'docker', root, project, entryPoints, updater, gateway, detached, close }), docker, compose, setLimits }
}

/**
 * What only this installation knows, in the operator's own file: where processes of the host are. The updater has to take it
 * into account for every release, else neither bot nor skills of a new one would work.
 */
function operatorsOverride({ services, networks }: Override = { services: {} }): Override {
  const skills = { extra_hosts: ['zetherion-ai-updater:host-gateway'] }
  const own: Override['services'] = {
    'zetherion-ai-bot': { extra_hosts: ['zetherion-ai-gateway:host-gateway'] },
    'zetherion-ai-skills-blue': skills,
    'zetherion-ai-skills-green': skills,
  }
  const names = new Set([...Object.keys(own), ...Object.keys(services)])
  return {
    services: Object.fromEntries([...names].map((name) => [name, { ...own[name], ...services[name] }])),
    ...(networks !== undefined && { networks }),
  }
}

/** Traefik publishes nothing: its entry points are reached on the stack's own network, as cloudflared reaches them. */
async function entryPointsOf(docker: DockerCommand): Promise<Stack['entryPoints']> {
  const address = await docker(['inspect', 'zetherion-ai-traefik', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'])
  return { skills: `http://${address}:8080`, api: `http://${address}:8443`, internal: `http://${address}:9180` }
}

async function answers(url: string): Promise<void> {
  let last = 'nothing'
  for (const deadline = Date.now() + firstLimit; Date.now() < deadline;) {
    const answer = await request(url, { headersTimeout: 2_000, bodyTimeout: 2_000 }).then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    if (answer === 200) return
    last = String(answer)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} did not answer within ${firstLimit} ms; last: ${last}`)
}
