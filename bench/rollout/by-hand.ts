import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PassThrough } from 'node:stream'
import { otherColor, type Color } from '../../src/rollout/topology.ts'
import type { OwnDockerStack } from '../stacks.ts'
import { git, type NewRelease } from './more-releases.ts'
import { rawEngine } from './raw-engine.ts'

/** How long each part took, ms, by the name that the table gives it. */
export type Durations = Readonly<Record<string, number>>

const groups = [{ name: 'skills', port: 8080 }, { name: 'api', port: 8443 }] as const
const dockerfiles = { skills: 'Dockerfile.skills', api: 'Dockerfile.api', bot: 'Dockerfile' } as const
const bot = 'zetherion-ai-bot'
/** Between two looks at what is waited for, ms. */
const pause = 10
const limit = 60_000

/** A person who rolls out without a mistake and without a pause: the same git, engine and compose calls, and nothing that makes them safe. */
export async function handOf({ stack, engine }: OwnDockerStack): Promise<(release: NewRelease) => Promise<Durations>> {
  const { project } = stack
  const { call } = rawEngine(engine.socketPath)
  const [mirror, releases] = [join(project.root, 'by-hand.git'), join(project.root, 'by-hand')]
  await git(project.root, 'clone', '--quiet', '--bare', project.remote, mirror)
  let active: Color = 'blue'

  return async (release) => {
    const target = otherColor(active)
    const checkout = join(releases, release.commit)
    const image = (name: string): string => `zetherion-ai-${name}:${release.commit.slice(0, 12)}`
    const service = (name: string, color: Color): string => `zetherion-ai-${name}-${color}`
    const tag = (name: string, to: string) => call('POST', `/images/${image(name)}/tag?repo=zetherion-ai-${name}&tag=${to}`)
    const up = (...services: string[]) => promisify(execFile)('docker', [
      'compose', '--project-directory', project.directory, '-p', 'zetherion-demo', '-f', join(checkout, 'docker-compose.yml'),
      '-f', join(project.directory, 'docker-compose.override.yml'), 'up', '-d', '--no-deps', '--no-build', ...services,
    ], { cwd: project.directory, env: engine.env, timeout: limit })
    const durations: Record<string, number> = {}
    const timed = async (part: string, work: () => Promise<unknown>): Promise<void> => {
      const begun = performance.now()
      await work()
      durations[part] = performance.now() - begun
    }

    await timed('fetch and checkout', async () => {
      await git(mirror, 'fetch', '--quiet', project.remote, `refs/tags/${release.tag}:refs/tags/${release.tag}`)
      await mkdir(checkout, { recursive: true })
      await pipe(spawn('git', ['archive', release.commit], { cwd: mirror }).stdout, checkout)
    })
    await timed('build', () => Promise.all(Object.entries(dockerfiles).map(([name, dockerfile]) => {
      const archive = spawn('git', ['archive', release.commit], { cwd: mirror, stdio: ['ignore', 'pipe', 'inherit'] })
      return call('POST', `/build?version=2&t=${image(name)}&dockerfile=${dockerfile}`, archive.stdout.pipe(new PassThrough()))
    })))
    await timed('start standby', async () => {
      // A color that was stopped in the rollout before the last.
      await Promise.all(groups.map(({ name }) => call('DELETE', `/containers/${service(name, target)}`).catch(() => undefined)))
      await Promise.all(groups.map(({ name }) => tag(name, target)))
      await up(...groups.map(({ name }) => service(name, target)))
    })
    await timed('health', () => Promise.all(groups.map(async ({ name, port }) => {
      const address = /"IPAddress":"(\d[^"]*)"/.exec(await call('GET', `/containers/${service(name, target)}/json`))?.[1] ?? ''
      await until(async () => (await ask(`http://${address}:${port}/health`)).status === 200)
    })))
    await timed('switch', async () => {
      const live = join(project.state, 'traefik/dynamic/updater-routes.yml')
      const text = (await readFile(live, 'utf8')).replace(/service: (\w+)-(?:blue|green)/g, `service: $1-${target}`)
      await writeFile(join(project.state, 'by-hand.tmp'), text)
      await rename(join(project.state, 'by-hand.tmp'), live)
      await Promise.all([stack.entryPoints.skills, stack.entryPoints.api].map((url) => until(async () => (await ask(`${url}/health`)).body.includes(release.version))))
    })
    await timed('bot', async () => {
      await call('POST', `/containers/${bot}/stop?t=10`)
      await call('DELETE', `/containers/${bot}`)
      await tag('bot', 'current')
      await up(bot)
      await until(async () => (await call('GET', `/containers/${bot}/json`)).includes('"Status":"healthy"'))
    })
    // Not timed: the updater does it after its answer.
    await Promise.all(groups.map(({ name }) => call('POST', `/containers/${service(name, active)}/stop?t=10`)))
    active = target
    return durations
  }
}

async function pipe(tar: NodeJS.ReadableStream, directory: string): Promise<void> {
  const child = spawn('tar', ['-x', '-C', directory], { stdio: ['pipe', 'ignore', 'inherit'] })
  tar.pipe(child.stdin)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  if (code !== 0) throw new Error(`tar ended with ${String(code)}`)
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + limit; performance.now() < deadline;) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throw new Error(`what was waited for did not happen within ${limit} ms`)
}

function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    }).on('error', () => resolve({ status: 0, body: '' }))
  })
}
