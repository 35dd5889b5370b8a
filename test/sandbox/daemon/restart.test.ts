import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { begin, type Story } from './story.ts'
import { at, eventually } from './waiting.ts'

let story: Story
/** Asked for and not waited for: whoever asks loses the connection when the daemon ends. */
const apply = async (tag: string): Promise<void> => {
  const answer = await story.stack.updater.post('/update/apply', { tag, version: tag.slice(1) }, { prefer: 'respond-async' })
  expect(answer.status).toBe(202)
}
const active = async (): Promise<unknown> => at(await story.state(), 'record', 'active', 'tag')
const unpause = async (): Promise<void> => {
  expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
}

beforeAll(async () => {
  story = await begin()
  await story.stack.project.publish('v1.1.0')
  await story.stack.project.publish('v1.6.0')
  await story.stack.project.publish('v1.7.0')
  story.startLoad()
  await story.start()
  await story.rest()
})
afterAll(() => story.end())

describe('a daemon that is told to leave', () => {
  it.each([
    { moment: 'a build', step: 'docker_build', event: 'step_started', status: 'failed' },
    { moment: 'the switch', step: 'route_switch', event: 'step_started', status: 'rolled_back' },
    { moment: 'the restart of the bot', step: 'restart_bot', event: 'step_started', status: 'rolled_back' },
  ] as const)('in the middle of $moment leaves in time, and the next one undoes without counting it', async ({ step, event, status }) => {
    const left = story.endAt(event, step, 'SIGTERM')
    const begun = performance.now()
    await apply('v1.1.0')
    expect(await left()).toEqual({ code: 0, signal: null })
    expect(performance.now() - begun).toBeLessThan(30_000)
    expect(at(await story.state(), 'record', 'operation', 'stoppedCleanly')).toBe(true)

    await story.start()
    await story.rest()
    expect(await story.state()).toMatchObject({ active_color: 'blue', paused: false, record: { active: { tag: 'v1.0.0' }, failuresInARow: 0, quarantine: [] } })
    expect(await story.status()).toMatchObject({ last_attempted_tag: 'v1.1.0', last_result: { status, error: expect.stringContaining('stopped while it ran') } })
  })
})

describe('a daemon that is killed', () => {
  it.each([
    { step: 'git_checkout_tag', event: 'step_started', held: false },
    { step: 'docker_build', event: 'step_started', held: false },
    // The third interruption in a row; those from the switch on hold at once.
    { step: 'start_zetherion-ai-skills-green', event: 'step_started', held: true },
    { step: 'route_switch', event: 'step_started', held: true },
    { step: 'route_switch', event: 'step_completed', held: true },
    { step: 'restart_bot', event: 'step_started', held: true },
    { step: 'health_bot', event: 'step_completed', held: true },
  ] as const)('at $event of $step is undone by the next one', async ({ step, event, held }) => {
    const killed = story.endAt(event, step, 'SIGKILL')
    await apply('v1.1.0')
    expect(await killed()).toEqual({ code: null, signal: 'SIGKILL' })

    await story.start()
    await story.rest()
    expect(await active()).toBe('v1.0.0')
    expect(await story.status()).toMatchObject({ paused: held, last_attempted_tag: 'v1.1.0', quarantine: [], last_result: { error: expect.stringContaining('The updater ended during') } })
    if (held) await unpause()
  })

  it.each([
    { step: 'commit', event: 'step_completed', tag: 'v1.1.0' },
    { step: 'drain', event: 'step_completed', tag: 'v1.6.0' },
    { step: 'update_tree', event: 'step_started', tag: 'v1.7.0' },
  ] as const)('at $event of $step, after the commit point, is finished by the next one', async ({ step, event, tag }) => {
    const killed = story.endAt(event, step, 'SIGKILL')
    await apply(tag)
    await killed()

    await story.start()
    await story.rest()
    expect(await active()).toBe(tag)
    expect(await story.status()).toMatchObject({ paused: false, last_good_tag: tag, last_result: { status: 'success' } })
    const { commit } = story.stack.project.release(tag)
    expect(await story.stack.project.git('rev-parse', 'HEAD')).toBe(commit)
    const { entries } = (await story.stack.updater.get('/update/history')).body
    expect(Array.isArray(entries) && entries.filter((entry) => at(entry, 'result', 'new_sha') === commit && at(entry, 'result', 'status') === 'success')).toHaveLength(1)
  })

  it('in the middle of an undo has it completed by the next one', async () => {
    const killed = story.endAt('undo_started', null, 'SIGKILL')
    await story.stack.project.publish('v1.4.0')
    await apply('v1.4.0')
    await killed()

    await story.start()
    await story.rest()
    expect(await active()).toBe('v1.7.0')
    expect(await story.status()).toMatchObject({ paused: true, quarantine: [{ tag: 'v1.4.0' }], last_result: { status: 'rolled_back', error: expect.stringContaining('zetherion-ai-bot') } })
    await unpause()
  })
})

describe('a daemon that leaves while it retires the old color', () => {
  it('leaves in time, and the next one finishes', async () => {
    const left = story.endAt('step_started', 'drain', 'SIGTERM')
    await apply('v1.6.0')
    expect(await left()).toEqual({ code: 0, signal: null })
    expect(await story.state()).toMatchObject({ last_good_tag: 'v1.6.0', record: { operation: { phase: 'retiring' } } })

    await story.start()
    await story.rest()
    expect(await story.status()).toMatchObject({ paused: false, active: { tag: 'v1.6.0' }, last_result: { status: 'success', error: null } })
  })
})

describe('a second daemon on the same stack', () => {
  it('ends with a sentence that says why, and the first one works on', async () => {
    await expect(story.stack.startUpdater({ env: { UPDATER_PORT: '0' } })).rejects.toThrow('ended with code 1')
    await eventually('the sentence', async () => /Another updater holds the state directory in .*; this one changes nothing\. Stop the other one first\./.exec(await story.printed()))
    expect(await story.status()).toMatchObject({ state: 'idle', observing: null })
  })

  it('does not take over from one that was stopped by SIGSTOP', async () => {
    const { pid } = story.stack.daemon()
    process.kill(pid, 'SIGSTOP')
    try {
      await expect(story.stack.startUpdater({ env: { UPDATER_PORT: '0' } })).rejects.toThrow('ended with code 1')
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await story.rest()
    expect(await active()).toBe('v1.6.0')
  })
})

describe('all of this', () => {
  it('failed no request and never had two bots', async () => {
    const { failed, sent } = await story.loadUntilNow()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(100)
    expect(at(await story.stack.gateway(), 'overlaps')).toBe(0)
  })
})
