import { execFile } from 'node:child_process'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { hostAddressOf } from '../../../demo/stack/docker-engine.ts'
import { repository, skillsSecret } from '../../../demo/stack/project.ts'
import type { Endings } from '../../../demo/stack/whole-or-nothing.ts'
import { makeReleases } from '../../../reference-app/scripts/make-releases.js'
import { RELEASES, type ReleasePlan } from '../../../reference-app/scripts/releases.js'
import { startEngine } from '../../engine/engine.ts'
import { becomeOperator } from '../harness/operator.ts'
import { layOutProject } from '../harness/release-tree.ts'
import { dockerOf, openToOperator, overEngine, standIn, writeAs, type WholeStack } from '../harness/whole-stack.ts'

const run = promisify(execFile)

/** What the predecessor wrote down; every key of it is to be found again. */
export const predecessorState = {
  active_color: 'green', last_good_tag: 'v1.0.0', paused: true, pause_reason: 'routed health check failed for v1.0.1', last_checked_at: '2026-02-01T10:00:00Z',
  last_attempted_tag: 'v1.0.1', last_success_at: '2026-01-20T09:00:00Z', last_failure_at: '2026-02-01T10:05:00Z', resumed_at: null,
}

export const predecessorSecret = 'shared-by-skills-and-the-predecessor'

/** The network as Compose named it where the file gave it no name. */
export const network = 'zetherion-ai_zetherion-ai-net'

/** Releases of this repository: the one to move to, three of the app, and one of the updater's sources alone. */
const releases: readonly ReleasePlan[] = [
  renamed('v1.0.0', 'v2.0.0'), renamed('v1.1.0', 'v2.0.1'), renamed('v1.4.0', 'v2.0.2'), renamed('v1.7.0', 'v2.0.3'),
  { tag: 'v2.1.0', kind: 'good', description: 'Another updater.', changes: [{ file: '../Dockerfile.updater', find: 'EXPOSE 9090\n', replace: 'LABEL org.opencontainers.image.version=2.1.0\nEXPOSE 9090\n' }] },
]

function renamed(from: string, tag: string): ReleasePlan {
  const plan = RELEASES.find((one) => one.tag === from)
  if (plan === undefined) throw new Error(`there is no release ${from}`)
  return { ...plan, tag }
}

/** An installation of the predecessor's. */
interface Moving {
  readonly stack: WholeStack
  /** What the new compose file needs here besides, where no registry is. */
  readonly override: unknown
}

/** A stack as the predecessor left it: green serves, blue is stopped, rollouts are paused. @param endings what is to be ended, last first */
export async function preparePredecessor(endings: Endings): Promise<Moving> {
  // Removed after the engine's end: its containers write there until then.
  const root = await mkdtemp(join(tmpdir(), 'zeth-moving-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  const engine = await startEngine({ images: 'stack' })
  endings.push(() => engine.stop())
  await chmod(root, 0o755)
  const operator = await becomeOperator(engine, join(root, 'home'))
  await openToOperator(engine, operator)
  const { images, override } = await standIn(engine, repository)

  const [directory, remote] = [join(root, 'zetherion-ai'), join(root, 'remote.git')]
  const made = await makeReleases(join(root, 'ours'), { app: 'reference-app', layOut: layOutProject, releases })
  await makeReleases(join(root, 'theirs'), { app: 'reference-app', layOut: (tree) => layOut(tree, [...images, engine.traefikImage]), releases: RELEASES.slice(0, 1) })
  await run('git', ['clone', '--quiet', '--bare', join(root, 'ours'), remote])
  await run('git', ['fetch', '--quiet', join(root, 'theirs'), 'refs/tags/v1.0.0:refs/tags/v1.0.0'], { cwd: remote })
  await chown(root, operator.uid, operator.gid)
  await run('chown', ['-R', `${operator.uid}:${operator.gid}`, join(root, 'home'), remote])
  await run('install', ['-d', '-o', String(operator.uid), '-g', String(operator.gid), directory])
  await operator.run('git', ['clone', '--quiet', '--branch', 'v1.0.0', '--single-branch', '--no-tags', '-c', 'advice.detachedHead=false', remote, directory])

  const publishAddress = await hostAddressOf((args) => dockerOf(engine)(...args))
  const settings = { SKILLS_API_SECRET: skillsSecret, CLOUDFLARE_TUNNEL_TOKEN: 'a-tunnel-of-the-test', PUBLISH_ADDRESS: publishAddress, DOCKER_SOCKET_PATH: engine.socketPath }
  await writeAs(operator, join(directory, '.env'), Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''))
  const stack = await overEngine({ engine, operator, directory, releases: made, publishAddress }, endings, async () => undefined)
  await work(stack)
  return { stack, override }
}

/** The predecessor's tree, with the images that are there in the place of those of the same name. */
async function layOut(tree: string, images: readonly string[]): Promise<void> {
  await cp(join(repository, 'reference-app'), join(tree, 'reference-app'), { recursive: true })
  const composeFile = await readFile(fileURLToPath(new URL('predecessor.yml', import.meta.url)), 'utf8')
  await writeFile(join(tree, 'docker-compose.yml'), composeFile.replaceAll(/(?<=image: )([\w./-]+):\S+/g, (image, name) => images.find((one) => one.startsWith(`${String(name)}:`)) ?? image))
  await writeFile(join(tree, '.gitignore'), '.env\ndata/\nlogs/\n*.log\n')
  await mkdir(join(tree, 'updater_sidecar'))
  await writeFile(join(tree, 'updater_sidecar/server.py'), '# the predecessor itself\n')
  await mkdir(join(tree, 'config/traefik/dynamic'), { recursive: true })
  await writeFile(join(tree, 'config/traefik/dynamic/updater-routes.yml'), routesTo('blue'))
}

/** What the predecessor did in its time: as root, in the operator's tree and in the bot's directory. */
async function work(stack: WholeStack): Promise<void> {
  const { directory } = stack
  for (const place of ['data', 'logs']) {
    await mkdir(join(directory, place))
    await chown(join(directory, place), 65_532, 65_532)
  }
  await writeFile(join(directory, 'data/updater-state.json'), JSON.stringify(predecessorState))
  await writeFile(join(directory, 'data/.updater-secret'), predecessorSecret)
  await writeFile(join(directory, 'config/traefik/dynamic/updater-routes.yml'), routesTo('green'))
  await run('chown', ['root:root', '.git/index', '.git/HEAD', 'config/traefik/dynamic', 'config/traefik/dynamic/updater-routes.yml', 'docker-compose.yml'], { cwd: directory })
  await stack.compose('up', '-d', '--build')
  await stack.docker('stop', 'zetherion-ai-skills-blue', 'zetherion-ai-api-blue')
}

/** The routes in the predecessor's form. */
function routesTo(color: 'blue' | 'green'): string {
  const ports = { skills: 8080, api: 8443 }
  const groups = Object.entries(ports)
  return stringify({
    http: {
      routers: Object.fromEntries(groups.map(([name]) => [name, { entryPoints: [name], rule: 'PathPrefix(`/`)', service: `${name}-${color}` }])),
      services: Object.fromEntries(groups.flatMap(([name, port]) => ['blue', 'green'].map((either) => [`${name}-${either}`, { loadBalancer: { servers: [{ url: `http://zetherion-ai-${name}-${either}:${port}` }] } }]))),
    },
  })
}
