import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from './at-rest.ts'
import { begin, type Story } from './story.ts'
import { at } from './waiting.ts'

let story: Story
const apply = (tag: string) => story.stack.skills.post('/update/apply', { tag, version: tag.slice(1) })

beforeAll(async () => {
  story = await begin({ limits: { directHealth: '6s', previewHealth: '6s' } })
  story.startLoad()
  await story.start()
  await story.rest()
})
afterAll(() => story.end())

const bad = [
  {
    tag: 'v1.2.0', what: 'a release that never gets healthy', status: 'failed', last: 'start_zetherion-ai-api-green',
    reason: /zetherion-ai-skills-green, asked directly, was not accepted within 6 s \(limits\.directHealth\).*503/, output: /"message":"started"/,
  },
  {
    tag: 'v1.3.0', what: 'fault 29: a release that is broken behind Traefik', status: 'failed', last: 'health_zetherion-ai-api-green',
    reason: /preview of (skills|api) on green through Traefik was not accepted within 6 s \(limits\.previewHealth\)/, output: /untrusted header x-forwarded-/,
  },
  {
    tag: 'v1.4.0', what: 'fault 36: a release that has a bot that dies', status: 'rolled_back', last: 'restart_bot',
    reason: /zetherion-ai-bot (exited|keeps restarting|was not healthy)/, output: /session\.id|TypeError|Cannot read properties/,
  },
  {
    tag: 'v1.5.0', what: 'fault 27: a release that does not build', status: 'failed', last: 'preflight',
    reason: /build of zetherion-ai-skills-green failed/, output: /SyntaxError/,
  },
] as const

describe.each(bad)('$what', ({ tag, status, last, reason, output }) => {
  it(`is answered as ${status} with the sentence and the last output, and pauses`, async () => {
    await story.stack.project.publish(tag)
    const { status: code, body } = await apply(tag)

    expect(code).toBe(500)
    expect(body).toMatchObject({ status, active_color: 'blue', target_color: 'green', new_sha: story.stack.project.release(tag).commit, paused: true })
    const [sentence = '', ...lines] = String(body['error']).split('\n')
    expect(sentence).toMatch(reason)
    expect(lines.join('\n')).toMatch(output)
    expect(body['pause_reason']).toBe(`${tag}: ${sentence}`)
    expect(body['steps_completed']).toContain(last)
    expect(body['steps_completed']).not.toContain('commit')
  })

  it('leaves what ran before: routes, one bot, no processes of its own', async () => {
    await story.rest()
    expect(at((await story.status())['active'], 'tag')).toBe('v1.0.0')
    expect((await containersOf(story.stack)).map(({ service }) => service).sort()).toEqual(['zetherion-ai-api-blue', 'zetherion-ai-bot', 'zetherion-ai-skills-blue'])
  })

  it('refuses every apply until somebody unpauses, and is quarantined from then on', async () => {
    expect(await apply('v1.0.0')).toMatchObject({ status: 423, body: { error: expect.stringContaining(tag) } })
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200, body: { resumed: true } })
    const now = await story.status()
    expect(now).toMatchObject({ paused: false, pause_reason: null, last_attempted_tag: tag, last_result: { status } })
    expect(at((await story.state()), 'record', 'quarantine')).toContainEqual(expect.objectContaining({ tag }))
  })
})

describe('after them', () => {
  it('a bad release does not pause where AUTO_UPDATE_PAUSE_ON_FAILURE is false', async () => {
    await story.stack.daemon().end('SIGTERM')
    await story.start({ AUTO_UPDATE_PAUSE_ON_FAILURE: 'false' })
    await story.rest()
    expect(await apply('v1.5.0')).toMatchObject({ status: 500, body: { status: 'failed', paused: false, pause_reason: null } })
    expect(await story.status()).toMatchObject({ paused: false, last_attempted_tag: 'v1.5.0' })
  })

  it('a good one is rolled out with all that it changes', async () => {
    await story.stack.project.publish('v1.6.0')
    expect(await apply('v1.6.0')).toMatchObject({ status: 200, body: { status: 'success', active_color: 'green' } })
    await story.rest()
    const skills = await story.stack.skills.get('/skills')
    expect(skills.body).toMatchObject({ limits: { echo_bytes: 8192 }, release: { version: '1.6.0' } })
  })

  it('no request had failed, and the gateway had never seen two bots', async () => {
    const { failed, served } = await story.loadUntilNow()
    expect(failed).toEqual([])
    expect([...new Set(served.map(({ release }) => release))].filter((release) => !['v1.0.0', 'v1.4.0', 'v1.6.0'].includes(release))).toEqual([])
    expect(at(await story.stack.gateway(), 'overlaps')).toBe(0)
  })
})
