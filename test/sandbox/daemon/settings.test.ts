import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../../../demo/stack/project.ts'
import { containersOf } from './at-rest.ts'
import { begin, type Story } from './story.ts'
import { at, eventually } from './waiting.ts'

let story: Story
let stateDirectory: string
const apply = (tag: string) => story.stack.updater.post('/update/apply', { tag, version: tag.slice(1) })
const stop = async (): Promise<void> => {
  expect(await story.stack.daemon().end('SIGTERM')).toEqual({ code: 0, signal: null })
}
/** A config/updater.yml beside the stack's own. */
const config = async (text: string): Promise<string> => {
  const path = join(story.stack.project.root, 'another-updater.yml')
  await writeFile(path, text)
  return path
}
const ids = async (): Promise<string[]> => (await containersOf(story.stack)).filter(({ state }) => state === 'running').map(({ id }) => id).sort()
const isThere = async (name: string): Promise<boolean> => (await readdir(stateDirectory)).includes(name)

/** Alive, telling why it observes, and refusing every change with that reason. */
const expectObserving = async (why: RegExp): Promise<void> => {
  expect(await story.stack.updater.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
  expect(String((await story.status())['observing'])).toMatch(why)
  const refused = [
    await apply('v1.1.0'), await story.stack.updater.post('/update/rollback', { previous_sha: 'a'.repeat(40) }),
    await story.stack.updater.post('/update/unpause'), await story.stack.updater.post('/update/pause', { reason: 'none' }),
  ]
  for (const answer of refused) expect(answer).toMatchObject({ status: 503, body: { error: expect.stringMatching(why) } })
}

beforeAll(async () => {
  story = await begin()
  stateDirectory = story.stack.project.state
})
afterAll(() => story.end())

describe('settings that leave open where the API should listen', () => {
  it('end the start with code 78 and every problem by file, line and key', async () => {
    const path = await config('limits:\n  drain: soon\napi:\n  port: http\n')
    await expect(story.stack.startUpdater({ env: { UPDATER_CONFIG: path, UPDATER_PORT: '' } })).rejects.toThrow('ended with code 78')
    const printed = await eventually('what was printed', async () => {
      const text = await story.printed()
      return text.includes('api.port') ? text : null
    })
    expect(printed).toContain(`${path}:2: limits.drain must be a duration such as 10s, 14m or 250ms, is "soon"\n`)
    expect(printed).toContain(`${path}:4: api.port must be a port from 0 to 65535, is "http"\n`)
  })

  it('are named when they stand in the environment', async () => {
    await expect(story.stack.startUpdater({ env: { UPDATER_PORT: '99999' } })).rejects.toThrow('ended with code 78')
    await eventually('what was printed', async () => /environment: UPDATER_PORT must be a port from 0 to 65535, is "99999"/.exec(await story.printed()))
  })
})

describe('other settings that cannot be used', () => {
  it.each([
    ['limits:\n  drian: 5s\n', {}, /another-updater\.yml:2: limits\.drian is unknown; did you mean drain\?/],
    ['topology:\n  groups:\n    - name: skills\n      port: 8080\n', {}, /another-updater\.yml:3: topology\.groups\[0\]\.services is missing/],
    ['limits: {drain: 1s', {}, /another-updater\.yml:\d: this is not YAML/],
    ['', { AUTO_UPDATE_ENABLED: 'maybe' }, /environment: AUTO_UPDATE_ENABLED must be true or false, is "maybe"/],
    ['', { AUTO_UPDATE_ENABLED: 'true', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: 'often' }, /AUTO_UPDATE_CHECK_INTERVAL_MINUTES must be minutes such as 15, or a cron expression/],
  ])('leave the API up to tell of %j %j, and nothing is touched', async (text, env, why) => {
    const before = await ids()
    await story.start({ UPDATER_CONFIG: await config(`${text}${text === '' ? 'api: {host: 127.0.0.1}\n' : ''}`), UPDATER_HOST: '127.0.0.1', ...env })
    await expectObserving(why)
    await stop()
    expect(await ids()).toEqual(before)
    expect(await isThere('updater-state.json')).toBe(false)
  })

  it('leave it up to tell of a file that is named and not there', async () => {
    await story.start({ UPDATER_CONFIG: '/nowhere/updater.yml', UPDATER_HOST: '127.0.0.1' })
    await expectObserving(/\/nowhere\/updater\.yml: this cannot be read/)
    await stop()
  })

  it('leave it up to tell of a state directory that cannot be made', async () => {
    const file = join(story.stack.project.root, 'updater.yml')
    await story.start({ UPDATER_STATE_PATH: join(file, 'state/updater-state.json') })
    await expectObserving(new RegExp(file))
    await stop()
  })
})

describe('a secret file that is empty', () => {
  it('fault 41: lets nobody in and nothing begin, and is mended without a restart', async () => {
    const file = join(stateDirectory, 'secret/.updater-secret')
    await writeFile(file, '')
    await story.stack.startUpdater()
    expect((await story.stack.updater.get('/health')).status).toBe(200)
    expect(await story.stack.updater.get('/status')).toMatchObject({ status: 503, body: { error: expect.stringContaining(`The secret file ${file} is empty`) } })
    expect(await isThere('updater-state.json')).toBe(false)

    await writeFile(file, story.stack.secret)
    await eventually('the stack being taken over', async () => ((await story.status())['active_color'] === 'blue' ? true : null))
    await story.rest()
    await stop()
  })
})

describe('a project without AUTO_UPDATE_REPO', () => {
  it("takes its releases from the project directory's own repository, once the operator has fetched them", async () => {
    story.startLoad()
    await story.start({ AUTO_UPDATE_REPO: '' })
    await story.stack.project.publish('v1.1.0')
    expect((await apply('v1.1.0')).status).toBe(404)
    await story.stack.project.git('fetch', '--quiet', '--tags')
    expect(await apply('v1.1.0')).toMatchObject({ status: 200, body: { status: 'success', active_color: 'green' } })
    await story.rest()
    await stop()
  })
})

describe("the predecessor's plain files", () => {
  it('are taken over without loss: green active, paused, and what it knew', async () => {
    for (const name of await readdir(stateDirectory)) {
      if (!['secret', 'traefik'].includes(name)) await rm(join(stateDirectory, name), { recursive: true })
    }
    const plain = {
      active_color: 'green', last_good_tag: 'v1.1.0', paused: true, pause_reason: 'the health check of v1.2.0 failed',
      last_checked_at: '2026-01-02T03:04:05.000Z', last_attempted_tag: 'v1.2.0', last_success_at: '2026-01-01T00:00:00.000Z',
      last_failure_at: '2026-01-02T03:10:00.000Z', resumed_at: '2025-12-24T18:00:00.000Z', consecutive_failures: 2,
    }
    await writeFile(join(stateDirectory, 'updater-state.json'), JSON.stringify(plain))
    const blue = await readFile(join(repository, 'config/traefik/dynamic/updater-routes.yml'), 'utf8')
    // By a rename: a file that is truncated first routes nothing for a moment.
    const staged = join(stateDirectory, 'traefik/plain.yml')
    await writeFile(staged, blue.replace('service: skills-blue', 'service: skills-green').replace('service: api-blue', 'service: api-green'))
    await rename(staged, join(stateDirectory, 'traefik/dynamic/updater-routes.yml'))
    const before = await ids()

    await story.start()
    await story.rest()
    expect(await story.state()).toMatchObject(plain)
    const { consecutive_failures: _, ...known } = plain
    expect(await story.status()).toMatchObject({ ...known, active: { sha: story.stack.project.release('v1.1.0').commit } })
    expect(await apply('v1.1.0')).toMatchObject({ status: 423, body: { error: expect.stringContaining('the health check of v1.2.0 failed') } })
    expect(await ids()).toEqual(before)
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    await stop()
  })
})

describe('a record', () => {
  const path = () => join(stateDirectory, 'updater-state.json')

  it('fault 16: of a newer version is only observed, and stays as it is', async () => {
    const text = await story.stateText()
    const newer = text.replace(/"schema": \d+/, '"schema": 99')
    expect(newer).not.toBe(text)
    await writeFile(path(), newer)
    const before = await ids()
    await story.start()
    await expectObserving(/schema 99/)
    await stop()
    expect(await story.stateText()).toBe(newer)
    expect(await ids()).toEqual(before)
    await writeFile(path(), text)
  })

  it('fault 14: that is damaged has what serves adopted, nothing stopped, and rollouts held until somebody unpauses', async () => {
    const text = await story.stateText()
    await writeFile(path(), text.slice(0, text.length / 2))
    const before = await ids()
    await story.start()
    await story.rest()
    expect(await story.status()).toMatchObject({ active_color: 'green', active: { sha: story.stack.project.release('v1.1.0').commit }, paused: true, pause_reason: expect.stringContaining('damaged') })
    expect(await ids()).toEqual(before)
    expect(await isThere('updater-state.json.damaged')).toBe(true)
    expect((await apply('v1.1.0')).status).toBe(423)
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    await stop()
  })

  it('fault 15: that is gone after the first run is treated no better', async () => {
    await rm(path())
    await story.start()
    await story.rest()
    expect(await story.status()).toMatchObject({ active_color: 'green', paused: true })
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    await story.stack.project.publish('v1.6.0')
    expect(await apply('v1.6.0')).toMatchObject({ status: 200, body: { active_color: 'blue' } })
    await story.rest()
  })
})

describe('all of this', () => {
  it('failed no request from the first rollout on and never had two bots', async () => {
    const { failed, sent } = await story.loadUntilNow()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(100)
    expect(at(await story.stack.gateway(), 'overlaps')).toBe(0)
  })

  it('kept the secret out of everything that was printed', async () => {
    const answer = await request(`${story.stack.daemon().url}/status`, { headers: { 'x-updater-secret': `${story.stack.secret}-wrong` } })
    expect(answer.statusCode).toBe(401)
    expect(await story.printed()).not.toContain(story.stack.secret)
  })
})
