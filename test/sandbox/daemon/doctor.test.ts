import { chmod, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkIds } from '../../../src/diagnosis/finding.ts'
import { begin, type Story } from './story.ts'
import { doctorOf, thoseThatAre, updaterctl, type Report } from './updaterctl.ts'
import { at } from './waiting.ts'

let story: Story
/** Where everything of this stack lies. */
let state: string
let secretFile: string
let routesFile: string

/** As in the updater's container: with its environment. */
const environment = (): Record<string, string> => {
  const { project } = story.stack
  return {
    PATH: process.env['PATH'] ?? '',
    PROJECT_DIR: project.directory,
    UPDATER_CONFIG: join(project.root, 'updater.yml'),
    UPDATER_STATE_PATH: join(state, 'updater-state.json'),
    UPDATER_TRAEFIK_DYNAMIC_PATH: routesFile,
    UPDATER_SECRET_PATH: secretFile,
    UPDATER_PORT: new URL(story.stack.daemon().url).port,
    AUTO_UPDATE_REPO: project.remote,
  }
}
const doctor = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => doctorOf({ ...environment(), ...env }, args)
const wrong = (byId: Report['byId']): string[] => thoseThatAre('wrong', byId)
const generation = async (): Promise<unknown> => at(await story.state(), 'record', 'generation')

beforeAll(async () => {
  story = await begin()
  state = story.stack.project.state
  secretFile = join(state, 'secret/.updater-secret')
  routesFile = join(state, 'traefik/dynamic/updater-routes.yml')
  await chmod(secretFile, 0o440)
  await chmod(join(state, 'secret'), 0o750)
  await story.start()
  await story.rest()
})
afterAll(() => story.end())

describe('doctor on a stack at rest', () => {
  it('ends with 0, has Traefik take the routes anew, and says what serves', async () => {
    const before = await generation()
    const { code, report, byId } = await doctor()
    expect(wrong(byId)).toEqual([])
    expect(code).toBe(0)
    expect(Object.keys(byId)).toEqual([...checkIds])
    expect(byId['reload']).toMatchObject({ verdict: 'ok', found: expect.stringContaining('took a new version') })
    expect(await generation()).not.toBe(before)
    expect(report).toMatchObject({ by: 'updater', serves: { color: 'blue', release: 'v1.0.0' }, pause_reason: null })
    await story.rest()
  })

  it('writes nothing when that is asked for', async () => {
    const before = await generation()
    const { code, byId } = await doctor(['--read-only'])
    expect(code).toBe(0)
    expect(byId['reload']).toMatchObject({ verdict: 'not_checked' })
    expect(await generation()).toBe(before)
  })

  it('tells people the same, in lines', async () => {
    const { code, stdout } = await updaterctl(environment(), ['doctor'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^✓ updater +The updater looks after the stack/)
    expect(stdout).toMatch(/\n0 wrong, .* blue serves v1\.0\.0\.\n$/)
  })

  it('never shows the secret', async () => {
    const { stdout, stderr } = await updaterctl(environment(), ['doctor', '--json'])
    expect(stdout + stderr).not.toContain(story.stack.secret)
  })
})

describe('doctor finds', () => {
  it('a secret that everybody can read', async () => {
    await chmod(secretFile, 0o444)
    const { code, byId } = await doctor()
    await chmod(secretFile, 0o440)
    expect(code).toBe(1)
    expect(wrong(byId)).toEqual(['secret'])
  })

  it('local changes in the project directory, which are no reason to fail', async () => {
    const compose = join(story.stack.project.directory, 'docker-compose.yml')
    const text = await readFile(compose, 'utf8')
    await writeFile(compose, `${text}# mine\n`)
    const { code, byId } = await doctor(['--read-only'])
    await writeFile(compose, text)
    expect(code).toBe(0)
    expect(byId['tree']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('local changes') })
  })

  it('a remote that is gone', async () => {
    const { remote } = story.stack.project
    await rename(remote, `${remote}.gone`)
    const { code, byId } = await doctor(['--read-only'])
    await rename(`${remote}.gone`, remote)
    expect(code).toBe(1)
    expect(wrong(byId)).toEqual(['remote'])
  })

  it('prepared routes that somebody left over', async () => {
    const left = join(state, 'traefik/.staging/routes-0123.yml')
    await writeFile(left, 'left')
    await utimes(left, new Date(0), new Date(0))
    const { byId } = await doctor(['--read-only'])
    await rm(left)
    expect(byId['leftovers']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('routes-0123.yml') })
  })

  it('a pause, with its reason', async () => {
    expect(await story.stack.updater.post('/update/pause', { reason: 'the auditors are here' })).toMatchObject({ status: 200 })
    const { code, report, byId } = await doctor(['--read-only'])
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    expect(code).toBe(0)
    expect(byId['holds']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('the auditors are here') })
    expect(report).toMatchObject({ pause_reason: 'the auditors are here' })
  })

  it('a routes file that somebody else wrote, while nobody but they may touch the stack', async () => {
    expect(await story.stack.updater.post('/maintenance', { reason: 'routing by hand' })).toMatchObject({ status: 200 })
    const ours = await readFile(routesFile, 'utf8')
    const theirs = join(state, 'traefik/theirs.yml')
    await writeFile(theirs, 'http: {}\n')
    await rename(theirs, routesFile)
    const { code, byId } = await doctor()
    await writeFile(theirs, ours)
    await rename(theirs, routesFile)
    const left = await request(`${story.stack.daemon().url}/maintenance`, { method: 'DELETE', headers: { 'x-updater-secret': story.stack.secret } })
    await left.body.dump()
    expect(left.statusCode).toBe(200)
    expect(code).toBe(1)
    expect(byId['agreement']).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('(R15)') })
    expect(byId['reload']).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('routing by hand') })
  })
})

describe('doctor without the right secret', () => {
  it('looks for itself and ends with 3: the updater is there, and what it knows is not known', async () => {
    const { code, report, byId } = await doctor([], { UPDATER_SECRET: 'another-secret-than-the-one-of-the-updater' })
    expect(wrong(byId)).toEqual([])
    expect(code).toBe(3)
    expect(report).toMatchObject({ by: 'here', serves: { color: 'blue', release: 'v1.0.0' } })
    expect(byId['updater']).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('not to the secret') })
  })
})

describe('doctor while a rollout is under way', () => {
  it('leaves to it what is its own and writes no routes; and once the updater was killed in it, says by which row it will be undone', async () => {
    await story.stack.project.publish('v1.1.0')
    const building = story.step('docker_build')
    const killed = story.endAt('step_started', 'health_routed_skills', 'SIGKILL')
    const answer = await story.stack.updater.post('/update/apply', { tag: 'v1.1.0', version: '1.1.0' }, { prefer: 'respond-async' })
    expect(answer.status).toBe(202)
    await building()
    const during = await doctor()
    expect(during.byId['reload']).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('already in progress') })

    await killed()
    const { code, report, byId } = await doctor()
    expect(code).toBe(1)
    expect(report).toMatchObject({ by: 'here' })
    expect(byId['updater']).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('ECONNREFUSED') })
    expect(byId['agreement']).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('(R7)') })
    await story.start()
    await story.rest()
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
  })
})

describe('doctor while the updater is down', () => {
  beforeAll(async () => {
    expect(await story.stack.daemon().end('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  it('looks for itself, finds that alone to be wrong, and changes nothing', async () => {
    const before = await story.stateText()
    const { code, report, byId } = await doctor()
    expect(wrong(byId)).toEqual(['updater'])
    expect(code).toBe(1)
    expect(Object.keys(byId)).toEqual([...checkIds])
    expect(report).toMatchObject({ by: 'here', serves: { color: 'blue', release: 'v1.0.0' } })
    for (const id of ['agreement', 'entry_points', 'previews', 'standby', 'record', 'state_disk', 'routes_place']) expect(byId[id]).toMatchObject({ verdict: 'ok' })
    expect(await story.stateText()).toBe(before)
  })

  it('finds a record that is damaged', async () => {
    const path = join(state, 'updater-state.json')
    const text = await story.stateText()
    await writeFile(path, text.slice(0, text.length / 2))
    const { byId } = await doctor()
    await writeFile(path, text)
    expect(wrong(byId)).toEqual(['updater', 'record', 'agreement'])
  })

  it('finds a secret that is gone, and makes none', async () => {
    await rename(secretFile, `${secretFile}.gone`)
    const { byId } = await doctor()
    await rename(`${secretFile}.gone`, secretFile)
    expect(wrong(byId)).toEqual(['updater', 'secret'])
  })

  it('finds settings that cannot be used, by file and line', async () => {
    const path = join(story.stack.project.root, 'bad-updater.yml')
    await writeFile(path, 'limits:\n  drain: soon\n')
    const { code, byId } = await doctor([], { UPDATER_CONFIG: path })
    expect(code).toBe(1)
    expect(byId['settings']).toMatchObject({ verdict: 'wrong', found: expect.stringContaining('bad-updater.yml:2: limits.drain') })
  })

  it('is up again as it was', async () => {
    await story.start()
    await story.rest()
    expect((await doctor(['--read-only'])).code).toBe(0)
  })
})

describe('the command line', () => {
  it.each([
    [[], 2, /A command is missing/],
    [['doctor', '--jsom'], 2, /Unknown option/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['doctor', '--help'], 0, /Exit codes/],
  ])('%j ends with %i', async (args, code, sentence) => {
    const ran = await updaterctl(environment(), args)
    expect(ran.code).toBe(code)
    expect(ran.stdout + ran.stderr).toMatch(sentence)
  })
})
