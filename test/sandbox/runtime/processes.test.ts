import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Container } from '../../../src/rollout/model.ts'
import { findProcesses, identifyProcess } from '../../../src/sandbox/process-identity.ts'
import { createSandboxRuntime, hostTablePath } from '../../../src/sandbox/runtime.ts'
import { bringUp, limit, waitForLines } from '../../contract/container-runtime/world.ts'
import { until } from '../router/router-world.ts'
import { type SandboxWorld, makeSandboxWorld, writeFiles } from './sandbox-world.ts'
import { answering, release, smallRelease } from './small-release.ts'

const hosts = { 'zetherion-ai-traefik': { 8080: { host: '127.0.0.1', port: 4711 } } }

let world: SandboxWorld
beforeEach(async () => {
  world = await makeSandboxWorld({ hosts })
})
afterEach(async () => {
  await world.close()
})

const only = (containers: readonly Container[]): Container => {
  const [container, ...more] = containers
  if (container === undefined || more.length > 0) throw new Error(`${containers.length} containers instead of one`)
  return container
}
const environmentOf = ({ ports }: Container): Promise<Record<string, string>> => until('an answer of the service', async () =>
  fetch(`http://127.0.0.1:${ports[8080]}/`).then(async (answer) => Object(await answer.json()).env, () => undefined))
const hostTable = async (): Promise<unknown> => JSON.parse(await readFile(hostTablePath(world.options.directory), 'utf8'))

describe('the environment of a service', () => {
  it('is the compose file\'s and nothing of ours, with variables of .env, local ports, and names put in', async () => {
    const environment = ['GREETING: "${GREETING:-hello} $$5"', 'HOME_DIR: ${PROJECT_DIR}/logs', 'OTHER: http://other:8080/x', 'ROUTED: http://zetherion-ai-traefik:8080', 'FOREIGN: http://postgres:5432']
    await world.addRelease(release, smallRelease({ other: { program: answering }, app: { program: answering, environment } }))
    await writeFiles(world.options.projectDirectory, { '.env': 'GREETING="good morning"\n' })
    process.env['UPDATER_SECRET_OF_THIS_TEST'] = 'secret'
    const other = only(await bringUp(world.runtime, release, ['other']))
    const app = only(await bringUp(world.runtime, release, ['app']))
    const env = await environmentOf(app)
    delete process.env['UPDATER_SECRET_OF_THIS_TEST']
    expect(env).toMatchObject({
      GREETING: 'good morning $5',
      HOME_DIR: `${world.options.projectDirectory}/logs`,
      OTHER: `http://127.0.0.1:${other.ports[8080]}/x`,
      ROUTED: 'http://127.0.0.1:4711',
      FOREIGN: 'http://postgres:5432',
      PORT: String(app.ports[8080]),
    })
    expect(Object.keys(env)).not.toContain('UPDATER_SECRET_OF_THIS_TEST')
  })

  it('is joined from the release\'s file and the operator\'s override', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering, environment: ['ONE: "1"', 'TWO: "2"'] } }))
    await writeFiles(world.options.projectDirectory, { 'docker-compose.override.yml': 'services:\n  app:\n    environment: { TWO: "two", THREE: 3 }\n' })
    expect(await environmentOf(only(await bringUp(world.runtime, release, ['app'])))).toMatchObject({ ONE: '1', TWO: 'two', THREE: '3' })
  })
})

describe('the host table', () => {
  it('tells where running services are, next to the fixed names, and forgets what was stopped', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering } }))
    const app = only(await bringUp(world.runtime, release, ['app']))
    expect(await hostTable()).toEqual({ app: { 8080: { host: '127.0.0.1', port: app.ports[8080] } }, ...hosts })
    await world.runtime.stop(app.id, 5_000, limit())
    expect(await hostTable()).toEqual(hosts)
  })
})

describe('a service that ends by itself', () => {
  it('is started again as its policy says, until somebody asks it to stop', async () => {
    await world.addRelease(release, smallRelease({ app: { program: 'console.log("life"); process.exit(3)', restart: 'unless-stopped' } }))
    const { id } = only(await bringUp(world.runtime, release, ['app']))
    await until('three lives', async () => ((await world.runtime.logs(id, 10, limit())).length >= 3 ? true : undefined))
    expect(only(await world.runtime.containers(['app'], limit())).restarts).toBeGreaterThanOrEqual(2)
    await world.runtime.stop(id, 1_000, limit())
    const lives = await world.runtime.logs(id, 100, limit())
    expect(await findProcesses((nonce) => nonce === id)).toEqual([])
    expect(only(await world.runtime.containers(['app'], limit()))).toMatchObject({ state: 'exited', exitCode: 3 })
    expect(await world.runtime.logs(id, 100, limit())).toEqual(lives)
  })

  it('takes along what it has started', async () => {
    const program = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached: true, stdio: 'ignore' })
      child.once('spawn', () => { console.log(child.pid); process.exit(0) })`
    await world.addRelease(release, smallRelease({ app: { program } }))
    const { id } = only(await bringUp(world.runtime, release, ['app']))
    const pid = await until('the pid of its child', async () => Number((await world.runtime.logs(id, 1, limit()))[0]) || undefined)
    await until('its child to be gone', async () => ((await identifyProcess(pid)) === null ? true : undefined))
  })

  it('whose command does not exist tells 127', async () => {
    const files = smallRelease({ app: { program: '' } })
    await world.addRelease(release, { ...files, 'docker-compose.yml': (files['docker-compose.yml'] ?? '').replace('[node, app.js]', '[no-such-program]') })
    await bringUp(world.runtime, release, ['app'])
    await until('the exit code', async () => (only(await world.runtime.containers(['app'], limit())).exitCode === 127 ? true : undefined))
  })
})

describe('up', () => {
  it('refuses a name that another container has, and starts nothing', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering }, other: { program: answering } }))
    const next = { ...release, tag: 'v2.0.0', commit: 'b'.repeat(40) }
    await world.addRelease(next, smallRelease({ app: { program: answering }, other: { program: answering } }))
    const first = only(await bringUp(world.runtime, release, ['app']))
    await expect(bringUp(world.runtime, next, ['other', 'app'])).rejects.toMatchObject({ code: 'compose_failed' })
    expect(only(await world.runtime.containers(['app', 'other'], limit())).id).toBe(first.id)
  })

  it('starts the same container again when it had been stopped, with a new port if its own was taken', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering } }))
    const first = only(await bringUp(world.runtime, release, ['app']))
    await environmentOf(first)
    await world.runtime.stop(first.id, 5_000, limit())
    const thief = createServer().listen(first.ports[8080], '127.0.0.1')
    const again = only(await world.runtime.up(release, ['app'], limit()))
    thief.close()
    expect(again.id).toBe(first.id)
    expect(again.ports[8080]).not.toBe(first.ports[8080])
    expect((await environmentOf(again))['PORT']).toBe(String(again.ports[8080]))
  })

  it('of two runtimes at once starts a container only once', async () => {
    await world.addRelease(release, smallRelease({ app: { program: `console.log('life ' + process.pid)\n${answering}` } }))
    const { id } = only(await bringUp(world.runtime, release, ['app']))
    await waitForLines(world.runtime, id, ['ready'])
    await world.runtime.stop(id, 5_000, limit())
    const rival = createSandboxRuntime(world.options)
    await Promise.all([world.runtime.start(id, limit()), rival.start(id, limit())])
    await environmentOf(only(await world.runtime.containers(['app'], limit())))
    expect((await world.runtime.logs(id, 100, limit())).filter((line) => line.startsWith('life')).length).toBe(2)
    expect((await findProcesses((nonce) => nonce === id)).length).toBe(2)
  })
})

describe('a build', () => {
  it('that is cancelled ends with everything that it started', async () => {
    const build = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
      child.once('spawn', () => console.log('child ' + child.pid))
      setInterval(() => undefined, 1000)`
    await world.addRelease(release, smallRelease({ app: { program: answering, build } }))
    const cancel = new AbortController()
    let child = 0
    const reason = new UpdaterError('cancelled', 'An operator cancelled.')
    await expect(world.runtime.build(release, ['app'], ({ line }) => {
      child = Number(line.replace('child ', ''))
      cancel.abort(reason)
    }, cancel.signal)).rejects.toBe(reason)
    await until('its child to be gone', async () => ((await identifyProcess(child)) === null ? true : undefined))
  })
})

describe('an image', () => {
  it('is not taken for built when an interrupted build left something behind', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering } }))
    await writeFiles(join(world.options.directory, 'images', 'app', '.staging-x', 'root'), { 'app.js': '' })
    await writeFile(join(world.options.directory, 'images', 'tags.json'), JSON.stringify({ [`app:${release.commit.slice(0, 12)}`]: 'x' }))
    expect(await world.runtime.missingImages(release, ['app'], limit())).toEqual(['app'])
    const { id } = only(await bringUp(world.runtime, release, ['app']))
    await waitForLines(world.runtime, id, ['ready'])
  })
})
