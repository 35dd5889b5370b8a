import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { routesText, stateText } from '../../kill/observer/faked-history.ts'
import { watchFromOutside, type Outside } from './outside.ts'

let root: string
const endings: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zetherion-outside-'))
  endings.push(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'traefik/dynamic'), { recursive: true })
  await put('updater-state.json', stateText())
  await put('traefik/dynamic/updater-routes.yml', routesText('blue'))
})
afterEach(async () => {
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
})

/** As the updater does it: whole, by one rename. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(join(root, 'new'), text)
  await rename(join(root, 'new'), join(root, name))
}

interface FakedContainer {
  readonly service: string
  readonly state?: string
  readonly commit?: string
}

/** An engine that has these containers, and a watch over it. */
async function watching(containers: readonly FakedContainer[], sessions = { open: 1, overlaps: 0 }): Promise<Outside> {
  const socketPath = join(root, 'engine.sock')
  const server = createServer((_, response) => response.end(JSON.stringify(containers.map(({ service, state = 'running', commit = 'one' }, index) => ({
    Id: String(index), State: state, Labels: { 'com.docker.compose.service': `zetherion-ai-${service}`, 'org.opencontainers.image.revision': commit },
  })))))
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve)
  })
  endings.push(() => new Promise((resolve) => server.close(resolve)))
  const outside = watchFromOutside({ state: root, socketPath, sessions: () => Promise.resolve(sessions) })
  endings.push(() => outside.stop())
  return outside
}

const complaint = (outside: Outside, fits: RegExp): Promise<void> => vi.waitFor(() => expect(outside.complaints).toContainEqual(expect.stringMatching(fits)), { timeout: 5_000, interval: 10 })
const blue = [{ service: 'skills-blue' }, { service: 'api-blue' }]
const whole = [...blue, { service: 'bot' }]

it('has nothing to say while all is well, and tells what came to be', async () => {
  const outside = await watching(whole)
  await put('updater-state.json', stateText({ sequence: 8, phase: 'preparing' }))
  await vi.waitFor(() => expect(outside.story()).toContain('record 8, preparing, route_switch; routes to blue'), { timeout: 5_000 })
  expect(outside.complaints).toEqual([])
})

it.each([
  { what: 'two bots', containers: [...whole, { service: 'bot' }], fits: /I2: 2 bots run/ },
  { what: 'a second bot that could be started', containers: [...whole, { service: 'bot', state: 'created' }], fits: /I2: 2 containers of the bot exist/ },
  { what: 'a routed color that does not run', containers: [{ service: 'skills-blue' }, { service: 'api-blue', state: 'exited' }], fits: /I1: blue is routed and zetherion-ai-api-blue does not run/ },
  { what: 'a routed color of two commits', containers: [{ service: 'skills-blue' }, { service: 'api-blue', commit: 'two' }], fits: /I1: blue is routed and its containers are of several commits/ },
])('sees $what', async ({ containers, fits }) => complaint(await watching(containers), fits))

it('sees sessions of two bots', async () => complaint(await watching(whole, { open: 2, overlaps: 0 }), /I2: 2 bots have a session/))

it('sees files that are not whole, a record whose number falls, and a hold that goes by itself', async () => {
  const outside = await watching(whole)
  await writeFile(join(root, 'traefik/dynamic/updater-routes.yml'), routesText('blue').slice(0, 90))
  await complaint(outside, /I6: the routes file is not whole/)
  await put('updater-state.json', stateText({ sequence: 6 }))
  await complaint(outside, /I6: the record's number went from 7 to 6/)
  await put('updater-state.json', stateText({ sequence: 9, holds: ['night'] }))
  await vi.waitFor(() => expect(outside.story()).toContain('record 9'), { timeout: 5_000 })
  await put('updater-state.json', stateText({ sequence: 10 }))
  await complaint(outside, /I4: the hold of .* night went although nobody unpaused/)
})

it('lets a hold go while somebody unpauses', async () => {
  await put('updater-state.json', stateText({ holds: ['night'] }))
  const outside = await watching(whole)
  await vi.waitFor(() => expect(outside.story()).toContain('record 7'), { timeout: 5_000 })
  await outside.whileUnpausing(() => put('updater-state.json', stateText({ sequence: 8 })))
  expect(outside.story()).toContain('record 8')
  expect(outside.complaints).toEqual([])
})
