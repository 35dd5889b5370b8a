import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { parse, stringify } from 'yaml'
import { createClient, createSkillsClient, type Client } from '../../../demo/stack/client.ts'
import { hostAddressOf } from '../../../demo/stack/docker-engine.ts'
import type { LoadTarget } from '../../../demo/stack/load.ts'
import { loadTargetsOf } from '../../../demo/stack/load-targets.ts'
import { skillsSecret } from '../../../demo/stack/project.ts'
import { wholeOrNothing, type Endings } from '../../../demo/stack/whole-or-nothing.ts'
import { makeReleases, type MadeRelease } from '../../../reference-app/scripts/make-releases.js'
import { machineScripts } from '../../engine/availability.ts'
import { keepImages, startEngine, type Engine } from '../../engine/engine.ts'
import { followEvents } from '../../docker/kill/engine-look.ts'
import { at } from '../../sandbox/daemon/waiting.ts'
import { becomeOperator, type Operator } from './operator.ts'
import { appReleases, layOutProject } from './release-tree.ts'

/** The whole stack of this project's own docker-compose.yml on a private engine, as an operator brought it up in a fresh clone. */
export interface WholeStack {
  readonly engine: Engine
  readonly operator: Operator
  /** The clone. */
  readonly directory: string
  /** `start` of what, `health_status: healthy` of what, in the order in which the engine told it. */
  readonly events: readonly { readonly service: string; readonly action: string }[]
  readonly releases: readonly MadeRelease[]
  /** Address of this host on which qdrant and ollama are published: one that no other engine's stack has. */
  readonly publishAddress: string
  /** The engine's client, as root. */
  docker(...args: string[]): Promise<string>
  /** Compose in the clone, as the operator calls it. */
  compose(...args: string[]): Promise<string>
  /** Fetches a release's tag into the clone, as `git fetch --tags` by the operator does. */
  publish(tag: string): Promise<void>
  /** The control API, which only the stack's own network reaches. */
  readonly updater: Client
  /** The control API's one call that is a DELETE. */
  endMaintenance(): Promise<void>
  /** The skills service's API through Traefik. */
  readonly skills: Client
  /** What the reference app's chat gateway saw of bots. */
  gateway(): Promise<{ readonly open: number; readonly overlaps: number }>
  /** Calls of both entry points at Traefik's address of now. */
  loadTargets(): Promise<readonly LoadTarget[]>
  addressOf(container: string): Promise<string>
  /** User id of a process of this machine, as its kernel has it. */
  userOf(pid: number): Promise<string>
  close(): Promise<void>
}

const run = promisify(execFile)

/** Everything up to `docker compose up -d`, which is the first test's. @throws Error; nothing is left then */
export function prepareWholeStack(): Promise<WholeStack> {
  return wholeOrNothing(prepare)
}

async function prepare(endings: Endings, close: () => Promise<void>): Promise<WholeStack> {
  // Removed after the engine's end: its containers write there until then.
  const root = await mkdtemp(join(tmpdir(), 'zeth-stack-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  const engine = await startEngine({ images: 'stack' })
  endings.push(() => engine.stop())
  const operator = await becomeOperator(engine, join(root, 'home'))
  await openToOperator(engine, operator)
  const directory = join(root, 'project')
  const remote = join(root, 'remote.git')
  const releases = await makeReleases(join(root, 'origin'), { app: 'reference-app', layOut: layOutProject, releases: appReleases })
  await run('git', ['clone', '--quiet', '--bare', join(root, 'origin'), remote])
  await chmod(root, 0o755)
  await run('chown', ['-R', `${operator.uid}:${operator.gid}`, join(root, 'home'), remote])
  await run('install', ['-d', '-o', String(operator.uid), '-g', String(operator.gid), directory])
  await operator.run('git', ['clone', '--quiet', '--branch', 'v1.0.0', '--single-branch', '--no-tags', '-c', 'advice.detachedHead=false', remote, directory])

  const { override } = await standIn(engine, directory)
  await writeAs(operator, join(directory, 'docker-compose.override.yml'), stringify(override))
  const publishAddress = await hostAddressOf((args) => dockerOf(engine)(...args))
  await setUp(directory, operator, { PUBLISH_ADDRESS: publishAddress, DOCKER_SOCKET: engine.socketPath, SKILLS_API_SECRET: skillsSecret, TUNNEL_TOKEN: 'a-tunnel-of-the-test' })
  await operator.run('bash', ['scripts/first-start.sh'], { cwd: directory })

  return await overEngine({ engine, operator, directory, releases, publishAddress }, endings, close)
}

/** What is known of a stack before its engine is asked. */
type Ground = Pick<WholeStack, 'engine' | 'operator' | 'directory' | 'releases' | 'publishAddress'>

/** The hands of a stack that is prepared. */
export async function overEngine(ground: Ground, endings: Endings, close: () => Promise<void>): Promise<WholeStack> {
  const { engine, operator, directory } = ground
  const docker = dockerOf(engine)
  const events: { service: string; action: string }[] = []
  const following = followEvents(engine.socketPath, (event) => {
    if (/^(start|die|health_status.*|oom)$/.test(event.action)) events.push({ service: event.service, action: event.action })
  })
  await following.open
  endings.push(() => Promise.resolve(following.end()))
  // On one of its networks: this host reaches each.
  const addressOf = async (container: string): Promise<string> => (await docker('inspect', container, '--format', '{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}')).split('\n')[0] ?? ''
  const entryPoints = async (): Promise<{ skills: string; api: string }> => {
    const address = await addressOf('zetherion-ai-traefik')
    return { skills: `http://${address}:8080`, api: `http://${address}:8443` }
  }
  return {
    ...ground, events, docker, addressOf, close,
    compose: (...args) => operator.run('docker', ['compose', ...args], { cwd: directory }),
    async userOf(pid) {
      return /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
    },
    publish: async (tag) => void (await operator.run('git', ['fetch', '--quiet', 'origin', `refs/tags/${tag}:refs/tags/${tag}`], { cwd: directory })),
    updater: lateClient(async () => clientAt(await urlOf(addressOf, 'zetherion-ai-updater', 9090), await secretOf(directory))),
    async endMaintenance() {
      const url = `${await urlOf(addressOf, 'zetherion-ai-updater', 9090)}/maintenance`
      const answer = await request(url, { method: 'DELETE', headers: { 'x-updater-secret': await secretOf(directory) } })
      if (answer.statusCode !== 200) throw new Error(`maintenance was not ended: ${answer.statusCode} ${await answer.body.text()}`)
      await answer.body.dump()
    },
    skills: lateClient(async () => {
      const url = await urlOf(addressOf, 'zetherion-ai-traefik', 8080)
      return createSkillsClient(() => url)
    }),
    loadTargets: async () => loadTargetsOf(await entryPoints()),
    async gateway() {
      const answer = await request(`${await urlOf(addressOf, 'zetherion-ai-gateway', 7001)}/sessions`)
      const report: unknown = await answer.body.json()
      return { open: Number(at(report, 'open')), overlaps: Number(at(report, 'overlaps')) }
    },
  }
}

/** The engine's client, as root. */
export function dockerOf(engine: Engine): WholeStack['docker'] {
  return async (...args) => (await run('docker', args, { env: engine.env, maxBuffer: 32 * 1024 ** 2, timeout: 10 * 60_000 })).stdout.trimEnd()
}

/** The socket belongs to a group of its own, as an installed engine's does. To be repeated whenever the engine was started. */
export async function openToOperator(engine: Engine, { socketGroup }: Operator): Promise<void> {
  await chmod(dirname(engine.socketPath), 0o711)
  await chown(engine.socketPath, 0, socketGroup)
}

/** The `.env` of an operator who knows already what the script cannot find out. */
async function setUp(directory: string, operator: Operator, settings: Readonly<Record<string, string>>): Promise<void> {
  const path = join(directory, '.env')
  const example = await readFile(join(directory, '.env.example'), 'utf8')
  const kept = example.split('\n').filter((line) => !Object.keys(settings).includes(line.replace('#', '').split('=')[0] ?? ''))
  await writeAs(operator, path, [...kept, ...Object.entries(settings).map(([key, value]) => `${key}=${value}`), ''].join('\n'))
}

/** A file that is the operator's, and nobody else's to read. */
export async function writeAs({ uid, gid }: Operator, path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 })
  await chown(path, uid, gid)
}

/**
 * Makes every image that would be pulled.
 * @param tree holds docker-compose.yml and Dockerfile.updater
 * @returns their names, and an override that names the same image where the file names it by its digest
 */
export async function standIn(engine: Engine, tree: string): Promise<{ readonly images: readonly string[]; readonly override: unknown }> {
  const file: unknown = parse(await readFile(join(tree, 'docker-compose.yml'), 'utf8'))
  const services = Object.entries(Object(at(file, 'services')))
  const named = services.map(([service, description]): [string, string] => [service, String(at(description, 'image'))])
  const pinned = named.filter(([, image]) => image.includes('@')).map(([service, image]) => [service, { image: withoutDigest(image) }])
  const dockerfile = await readFile(join(tree, 'Dockerfile.updater'), 'utf8')
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image)
  const images = [...new Set([...named.map(([, image]) => image), ...bases].filter((image) => !/^(zetherion|traefik:|gcr\.io|\$)/.test(image)).map(withoutDigest))]
  await run(`${machineScripts}stack-images.sh`, [engine.socketPath, ...images], { timeout: 300_000 })
  await keepImages(engine, 'stack')
  return { images, override: { services: Object.fromEntries(pinned) } }
}

const withoutDigest = (image: string): string => image.split('@')[0] ?? image

async function urlOf(addressOf: (container: string) => Promise<string>, container: string, port: number): Promise<string> {
  return `http://${await addressOf(container)}:${port}`
}

const secretOf = async (directory: string): Promise<string> => (await readFile(join(directory, 'state/secret/.updater-secret'), 'utf8')).trim()

const clientAt = (url: string, secret: string): Client => createClient(() => url, secret)

/** A container has another address after each start: who is to be asked is found out at every call. */
function lateClient(make: () => Promise<Client>): Client {
  return {
    get: async (path) => (await make()).get(path),
    post: async (path, body, headers) => (await make()).post(path, body, headers),
  }
}
