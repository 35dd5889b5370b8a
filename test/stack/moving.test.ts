import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Endings } from '../../demo/stack/whole-or-nothing.ts'
import { engineAvailable, missing } from '../engine/availability.ts'
import { seenContainers } from '../docker/kill/engine-look.ts'
import { tellFigure } from '../reporting/figures.ts'
import { at, eventually } from '../sandbox/daemon/waiting.ts'
import { apply } from './chapters/rollout.ts'
import { inside, runningServices } from './harness/inside.ts'
import { writeAs, type WholeStack } from './harness/whole-stack.ts'
import { readDocument, type Document } from './moving/document.ts'
import { buildLoad, secondsOf, underLoad, type Seen } from './moving/load.ts'
import { network, predecessorSecret, predecessorState, preparePredecessor } from './moving/predecessor.ts'

const reason = missing(engineAvailable(), ['docker', 'traefik', 'compose', 'postgres'])
const title = 'moving over from the predecessor, as docs/migrating.md says it'
const limit = 8 * 60_000

/** One installation, told in the order of the document: each test leaves the stack as the next one expects it. */
describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (not run: ${reason})`, { timeout: limit }, () => {
  const endings: Endings = []
  let scene: { readonly stack: WholeStack; readonly override: unknown; readonly document: Document; readonly load: string } | undefined
  const here = () => {
    if (scene === undefined) throw new Error('the stack was not prepared')
    return scene
  }

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'zeth-load-'))
    endings.push(() => rm(directory, { recursive: true }))
    await buildLoad(join(directory, 'load.mjs'))
    scene = { ...(await preparePredecessor(endings)), document: await readDocument(), load: join(directory, 'load.mjs') }
  }, 10 * 60_000)
  let stopped = false
  beforeEach(() => {
    if (stopped) throw new Error('told no further: an earlier step was not taken, see the first that failed')
  })
  afterEach(({ task }) => {
    stopped ||= task.result?.state === 'fail'
  })
  afterAll(async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }, 180_000)

  /** A line of the document, as the operator types it; what stands behind `sudo` is root's. */
  const type = async (command: string): Promise<string> => {
    const { stack: { directory, engine, operator } } = here()
    if (!command.startsWith('sudo ')) return operator.run('bash', ['--norc', '-euo', 'pipefail', '-c', command], { cwd: directory })
    return (await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', command.slice('sudo '.length)], { cwd: directory, env: engine.env })).stdout
  }
  const typeAll = async (commands: readonly string[]): Promise<string> => {
    const said: string[] = []
    for (const command of commands) said.push(await type(command))
    return said.join('\n')
  }
  const loaded = (context: TestContext, action: () => Promise<void>): Promise<Seen> => underLoad(context, here().stack, { file: here().load, network }, action)
  const status = async (): Promise<Record<string, unknown>> => (await here().stack.updater.get('/status')).body
  const file = (path: string): Promise<string> => readFile(join(here().stack.directory, path), 'utf8')
  const colors = async (): Promise<string[]> => (await runningServices(here().stack)).filter((service) => /-(blue|green)$/.test(service))

  it('steps 1 to 4: the stack is adopted while it serves, green stays active, and what was paused stays paused with its reason', async (context) => {
    const { stack, document } = here()
    const before = await seenContainers(stack.engine.socketPath)
    const said: string[] = []
    const { failed, served } = await loaded(context, async () => {
      await typeAll([...document.step(1), ...document.step(2)])
      await settle()
      said.push(await typeAll(document.step(3)), await typeAll(document.step(4)))
    })

    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v1.0.0']])
    expect(said[0]).toContain('taken over from data/updater-state.json')
    expect(said[0]).toContain('taken over from data/.updater-secret')
    expect(said[0]).toContain('green serves')
    expect(said[1]).toMatch(/! previews .*go without previews/)
    expect(await status()).toMatchObject({ state: 'idle', active_color: 'green', last_good_tag: 'v1.0.0', paused: true, pause_reason: predecessorState.pause_reason, last_checked_at: predecessorState.last_checked_at, last_attempted_tag: predecessorState.last_attempted_tag })
    expect(await file('state/secret/.updater-secret')).toBe(predecessorSecret)
    expect((await stack.skills.post('/update/apply', { tag: 'v2.0.1', version: '2.0.1' })).status, 'a rollout asked for by skills of old').toBe(423)
    const others = (containers: Awaited<ReturnType<typeof seenContainers>>) => containers.filter(({ service }) => service !== 'zetherion-ai-updater').map(({ id, service, state }) => `${service} ${id} ${state}`).sort()
    expect(others(await seenContainers(stack.engine.socketPath)), 'nothing but the updater was exchanged').toEqual(others(before))
  })

  it('until step 5 there is a way back, and a second try', async (context) => {
    const { stack, document } = here()
    const { failed, served } = await loaded(context, async () => {
      await typeAll(document.wayBack)
      expect(await stack.docker('inspect', '--format', '{{.State.Status}} {{.Config.Image}}', 'zetherion-ai-updater')).toBe('running gcr.io/distroless/nodejs20-debian12:nonroot')
      expect(JSON.parse(await file('data/updater-state.json'))).toEqual(predecessorState)
      await typeAll(document.step(2))
      await settle()
      await typeAll([...document.step(3), ...document.step(4)])
    })
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v1.0.0']])
    expect(await status()).toMatchObject({ state: 'idle', active_color: 'green', last_good_tag: 'v1.0.0', paused: true })
  })

  it('a release whose bot dies is undone: the bot that the predecessor started is back, from its own image', async (context) => {
    const { stack } = here()
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
    const image = await stack.docker('inspect', '--format', '{{.Image}}', 'zetherion-ai-bot')
    const { failed, served } = await loaded(context, async () => {
      expect((await apply({ stack, probe: '' }, 'v2.0.2')).body).toMatchObject({ status: 'rolled_back', active_color: 'green', paused: true })
    })
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v1.0.0', 'v2.0.2', 'v1.0.0']])
    expect(await stack.docker('inspect', '--format', '{{.Image}} {{.State.Health.Status}}', 'zetherion-ai-bot')).toBe(`${image} healthy`)
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
  })

  it('until step 5 rollouts go without previews, and say so; no request fails', async (context) => {
    const { stack } = here()
    const { failed, served } = await loaded(context, async () => {
      const { body } = await apply({ stack, probe: '' }, 'v2.0.1')
      expect(body).toMatchObject({ status: 'success', active_color: 'blue', error: null })
      expect(body['warnings']).toHaveLength(2)
      expect(body['warnings']).toEqual(expect.arrayContaining(['skills', 'api'].map((group) => expect.stringMatching(new RegExp(`^${group} was not checked through Traefik before the switch: .*Restart it once`)))))
      expect(body['steps_completed']).not.toContain('health_preview_skills')
    })
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v1.0.0', 'v2.0.1']])
    expect(await colors()).toEqual(['zetherion-ai-api-blue', 'zetherion-ai-skills-blue'])
    expect((await stack.gateway()).overlaps, 'moments with two bots').toBe(0)
  })

  it('step 5: Traefik is exchanged once; what fails meanwhile is told, and nothing goes astray', async (context) => {
    const said: string[] = []
    const { failed, served, sent } = await loaded(context, async () => void said.push(await typeAll(here().document.step(5))))

    tellFigure(context, { name: 'moving over: requests while Traefik is exchanged', value: sent, together: 'sum' })
    tellFigure(context, { name: 'moving over: requests that failed while Traefik is exchanged', value: failed.length, together: 'sum' })
    tellFigure(context, { name: 'moving over: of them on connections that were kept', value: failed.filter((one) => !one.target.endsWith('anew')).length, together: 'sum' })
    tellFigure(context, { name: 'moving over: so long requests failed, s', value: secondsOf(failed), together: 'most' })
    expect(served, 'who answered').toEqual([['v2.0.1']])
    expect(secondsOf(failed)).toBeLessThan(30)
    expect(said[0]).toMatch(/✓ previews /)
    expect(await status()).toMatchObject({ active_color: 'blue', paused: false })
    expect(await type('git status --porcelain')).toBe('')
  })

  it('from then on rollouts have previews, and no request fails', async (context) => {
    const { stack } = here()
    const { failed, served } = await loaded(context, async () => {
      const { body } = await apply({ stack, probe: '' }, 'v2.0.3')
      expect(body).toMatchObject({ status: 'success', active_color: 'green', error: null, warnings: [] })
      expect(body['steps_completed']).toEqual(expect.arrayContaining(['health_preview_skills', 'health_preview_api']))
    })
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v2.0.1', 'v2.0.3']])
  })

  it('step 6: docker compose up -d brings the rest, and the secret that the bot could read is nobody\'s any more', async (context) => {
    const { stack, document } = here()
    const { failed, served } = await loaded(context, () => typeAll(document.step(6)).then(() => undefined))
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v2.0.3']])
    expect(await stack.docker('ps', '--all', '--format', '{{.Names}}')).toContain('zetherion-ai-cloudflared')
    expect(await readdir(join(stack.directory, 'data'))).not.toContain('.updater-secret')
    expect(await eventually('a new secret', () => file('state/secret/.updater-secret').catch(() => null))).not.toContain(predecessorSecret)
    const refused = await eventually('an updater that skills reaches with the new secret', async () => {
      const { status, body } = await stack.skills.post('/update/apply', { tag: 'v9.9.9', version: '9.9.9' })
      return status === 404 ? body : null
    })
    expect(refused).toHaveProperty('error')
  })

  it('the updater is upgraded by its command: image and record of before are kept, and nobody notices', async (context) => {
    const { stack, document } = here()
    const before = await stack.docker('inspect', '--format', '{{.Image}}', 'zetherion-ai-updater')
    const { failed } = await loaded(context, () => typeAll(document.below('Upgrading the updater itself')).then(() => undefined))
    expect(failed, 'requests that failed').toEqual([])
    expect(await stack.docker('inspect', '--format', '{{index .Config.Labels "org.opencontainers.image.version"}}', 'zetherion-ai-updater')).toBe('2.1.0')
    expect(await stack.docker('image', 'inspect', '--format', '{{.Id}}', 'zetherion-updater:before-upgrade')).toBe(before)
    expect(await readdir(join(stack.directory, 'state/before-upgrade'))).toEqual(['updater-state.json', 'updater-state.json.previous'])
    expect((await inside(stack, 'zetherion-ai-updater', ['updaterctl', 'doctor'])).code).toBe(0)
    expect(await status()).toMatchObject({ state: 'idle', active_color: 'green', paused: false })
  })

  it('--back to an updater that knows the same schema goes on with the record as it stands', async (context) => {
    const { stack } = here()
    const held = { reason: 'on purpose' }
    await stack.updater.post('/update/pause', held)
    const { failed } = await loaded(context, () => type('scripts/upgrade-updater.sh --back').then(() => undefined))
    expect(failed, 'requests that failed').toEqual([])
    expect(await stack.docker('inspect', '--format', '{{index .Config.Labels "org.opencontainers.image.version"}}', 'zetherion-ai-updater')).not.toBe('2.1.0')
    expect(await status(), 'paused since the upgrade').toMatchObject({ paused: true, pause_reason: expect.stringContaining(held.reason), active_color: 'green' })
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
  })

  it('R1: an older updater beside the record of a newer one only observes, and says so; the file stays as it is', async () => {
    const { stack, document } = here()
    await type('scripts/upgrade-updater.sh')
    // What it writes from here on the kept copy does not know.
    expect((await inside(stack, 'zetherion-ai-updater', ['updaterctl', 'doctor'])).code).toBe(0)
    const [stop = '', tag = '', , up = ''] = document.below('Going back to an older updater')
    await type(stop)
    const path = join(stack.directory, 'state/updater-state.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"schema": (\d+)/, (_, schema) => `"schema": ${Number(schema) + 1}`))
    const newer = await readFile(path)
    const containers = await seenContainers(stack.engine.socketPath)
    await typeAll([tag, up])

    const refused = await stack.updater.post('/update/apply', { tag: 'v2.0.1', version: '2.0.1' })
    expect(refused.status).toBe(503)
    expect(String(refused.body['error'])).toContain('newer')
    expect((await inside(stack, 'zetherion-ai-updater', ['updaterctl', 'doctor', '--read-only'])).output).toContain('The updater only observes: The record has schema 2, written by a newer version')
    const others = (seen: typeof containers) => seen.filter(({ service }) => service !== 'zetherion-ai-updater')
    expect(others(await seenContainers(stack.engine.socketPath))).toEqual(others(containers))
    expect((await readFile(path)).equals(newer), 'the record, byte for byte').toBe(true)
  })

  it('--back over a schema puts the newer record aside, adopts what runs and pauses; no request fails', async (context) => {
    const { stack } = here()
    const newer = await file('state/updater-state.json')
    const { failed, served } = await loaded(context, () => type('scripts/upgrade-updater.sh --back').then(() => undefined))
    expect(failed, 'requests that failed').toEqual([])
    expect(served).toEqual([['v2.0.3']])
    const aside = (await readdir(join(stack.directory, 'state'))).find((name) => name.startsWith('newer-'))
    expect(await file(`state/${aside}/updater-state.json`)).toBe(newer)
    expect(await status()).toMatchObject({ state: 'idle', active_color: 'green', paused: true })
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
    expect((await apply({ stack, probe: '' }, 'v2.0.1')).body).toMatchObject({ status: 'success', active_color: 'blue' })
  })

  /** Step 3's words: what is put into `.env` and beside it; each name stands in the document. */
  async function settle(): Promise<void> {
    const { stack: { directory, operator, engine }, document, override } = here()
    const known: Record<string, string> = { POSTGRES_PASSWORD: 'password', TUNNEL_TOKEN: 'a-tunnel-of-the-test', DOCKER_SOCKET: engine.socketPath }
    const renamed = ['CLOUDFLARE_TUNNEL_TOKEN', 'DOCKER_SOCKET_PATH']
    for (const name of [...Object.keys(known), ...renamed]) expect(document.text, 'the document').toContain(`\`${name}\``)
    const kept = (await file('.env')).split('\n').filter((line) => !renamed.includes(line.split('=')[0] ?? ''))
    await writeAs(operator, join(directory, '.env'), [...Object.entries(known).map(([name, value]) => `${name}=${value}`), ...kept].join('\n'))
    // The document waits for the updater's health again and again, each time for an interval at least.
    const services = { ...Object(at(override, 'services')), 'zetherion-ai-updater': { healthcheck: { interval: '2s' } } }
    await writeAs(operator, join(directory, 'docker-compose.override.yml'), stringify({ ...Object(document.override), services }))
    expect(parse(await file('docker-compose.override.yml'))).toHaveProperty(['networks', 'zetherion-ai-net', 'name'], network)
  }
})
