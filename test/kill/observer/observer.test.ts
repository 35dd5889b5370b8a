import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { onLinux } from '../on-linux.ts'
import { stateText, routesText } from './faked-history.ts'
import { startObserver, type Observer } from './observer.ts'
import { lookAtSandbox } from './processes.ts'

let root: string
const endings: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zetherion-observer-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  await Promise.all(['state', 'routes', 'sandbox/images/release/src', 'sandbox/containers'].map((path) => mkdir(join(root, path), { recursive: true })))
  await Promise.all([writeFile(join(root, 'state/state.json'), stateText()), writeFile(join(root, 'routes/routes.yml'), routesText('blue'))])
})
afterEach(async () => {
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
})

/** A process as the sandbox has it: in an image's directory, with its container's id in its environment. */
async function startService(program: string, service: string, id: string): Promise<ChildProcess> {
  const image = join(root, 'sandbox/images/release')
  await writeFile(join(image, `src/${program}.js`), 'setInterval(() => {}, 1000)\nconsole.log("up")\n')
  await mkdir(join(root, 'sandbox/containers', id), { recursive: true })
  await writeFile(join(root, 'sandbox/containers', id, 'container.json'), JSON.stringify({ service }))
  const child = spawn(process.execPath, [`src/${program}.js`], { cwd: image, env: { ZETHERION_SANDBOX_NONCE: id }, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  endings.push(() => {
    child.kill('SIGKILL')
    return gone
  })
  await once(child.stdout, 'data')
  return child
}

const id = (digit: string): string => digit.repeat(64)

async function startAll(...services: readonly string[]): Promise<void> {
  await Promise.all(services.map((service, index) => startService(service.replace(/^zetherion-ai-|-(blue|green)$/g, ''), service, id(String(index)))))
}

async function observe(status = (): number => 200): Promise<Observer> {
  const server = createServer((_, response) => response.writeHead(status()).end())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  endings.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const observer = startObserver({
    routesFile: join(root, 'routes/routes.yml'), stateFile: join(root, 'state/state.json'), sandbox: join(root, 'sandbox'),
    entryPoints: { api: `http://127.0.0.1:${port}` },
    sessions: () => Promise.resolve({ open: 1, overlaps: 0 }),
  })
  endings.push(() => observer.stop())
  return observer
}

const complaint = (observer: Observer, fits: RegExp): Promise<void> => vi.waitFor(() => expect(observer.complaints).toContainEqual(expect.stringMatching(fits)), { timeout: 5_000, interval: 10 })

onLinux('the observer of real files and processes', () => {
  it('finds the services of its sandbox and no one else\'s', async () => {
    await startAll('zetherion-ai-skills-blue', 'zetherion-ai-bot')
    const { processes, botContainers } = lookAtSandbox(join(root, 'sandbox'))
    expect(processes.map(({ service }) => service).sort()).toEqual(['zetherion-ai-bot', 'zetherion-ai-skills-blue'])
    expect(botContainers).toBe(1)
    await mkdir(join(root, 'other/images'), { recursive: true })
    await mkdir(join(root, 'other/containers'), { recursive: true })
    expect(lookAtSandbox(join(root, 'other'))).toEqual({ processes: [], botContainers: 0 })
  })

  it('has nothing to say while all is well, and tells its story', async () => {
    await startAll('zetherion-ai-skills-blue', 'zetherion-ai-api-blue', 'zetherion-ai-bot')
    const observer = await observe()
    await vi.waitFor(() => expect(observer.looks).toBeGreaterThan(5), { timeout: 5_000 })
    expect(observer.complaints).toEqual([])
    expect(observer.story()).toContain('record 7, epoch 2, v1.0.0 on blue, idle, 0 holds; routes to blue ; run: api-blue bot skills-blue')
  })

  it('complains about a second bot, a service that died, an entry point that fails and a file that is written in place', async () => {
    await startAll('zetherion-ai-skills-blue', 'zetherion-ai-bot', 'zetherion-ai-bot')
    let status = 200
    const observer = await observe(() => status)
    await complaint(observer, /I2: 2 bots run/)
    await complaint(observer, /I2: 2 containers of the bot exist/)
    await complaint(observer, /I1: blue is routed and zetherion-ai-api-blue does not run/)
    status = 503
    await complaint(observer, /I1: api answers 503/)
    await cp(join(root, 'routes/routes.yml'), join(root, 'whole'))
    await writeFile(join(root, 'routes/routes.yml'), routesText('blue').slice(0, 90))
    await complaint(observer, /I6: the routes file is not whole/)
  })
})
