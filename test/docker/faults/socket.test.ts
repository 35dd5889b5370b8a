import { expect, it, type TestContext } from 'vitest'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { applied, onBlue, onHurtStack, otherThan, resumed, underLimits, untilAtRest, type HurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'
import { startEngineProxy, type Call, type EngineProxy, type Trouble } from './engine-proxy.ts'
import { applyOther, createMoments, through, type Ended } from './in-trouble.ts'

/** For a machine that does much else, ms. */
const limit = 240_000

const moments = createMoments()
let socket: EngineProxy | undefined
const proxy = (): EngineProxy => {
  if (socket === undefined) throw new Error('there is no proxy yet')
  return socket
}

/** Every one of them passes in some of the tests; of an engine that is well a call takes half a second and a start one second and a half at most. */
const limits = { engineCall: '5s', stop: '2s', start: '8s' }
/** For an engine that is slow. */
const longer = { engineCall: '10s', start: '15s' }

onHurtStack('a socket of the engine that swallows bytes', {
  limits,
  // Every engine that fails costs one of the starts that R16 allows.
  policy: { restarts: 50, fallenGrace: '500ms' },
  onLine: moments.onLine,
  between: async ({ socketPath }) => (socket = await startEngineProxy(socketPath)),
}, (here) => {
  it.for<{ trouble: Trouble; step: string; from?: RegExp; ends: 'back' | 'finished' }>([
    { trouble: 'swallow', step: 'preflight', ends: 'back' },
    { trouble: 'reset', step: 'docker_build', ends: 'back' },
    { trouble: 'half', step: 'start_zetherion-ai-skills-green', ends: 'back' },
    { trouble: 'reset', step: 'health_zetherion-ai-api-green', ends: 'back' },
    { trouble: 'swallow', step: 'restart_bot', from: /^DELETE /, ends: 'back' },
    { trouble: 'half', step: 'health_bot', ends: 'back' },
    { trouble: 'reset', step: 'stop_old_color', ends: 'finished' },
  ])('fault 22: calls met with $trouble from $step on end at their limit, and the stack is right again when they are answered', { timeout: limit }, async ({ trouble, step, from, ends }, context) => {
    const hurt = here()
    const before = await onBlue(hurt)
    const begins = moments.at(step, () => proxy().misbehave(since(from, trouble)))
    const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins, end: () => proxy().behave() })

    expect(proxy().troubled.length).toBeGreaterThan(0)
    const after = await seenRecord(hurt.stack.project.state)
    if (ends === 'finished') {
      expect(answer?.body).toMatchObject({ status: 'success' })
      expect(after.activeTag).not.toBe(before.activeTag)
    } else {
      expect(answer?.body).toMatchObject({ error: expect.stringMatching(/Docker|limits\./), paused: true })
      expect(answer?.status).toBe(500)
      expect(after.activeTag).toBe(before.activeTag)
    }
  })

  it('fault 22: an engine that takes its time for every call does not keep a release back', async (context) => {
    const hurt = here()
    await underLimits(hurt, longer, async () => {
      const begins = moments.at('preflight', () => proxy().misbehave(() => ({ answerAfter: 150 })))
      const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins, end: () => proxy().behave() })
      expect(answer?.body).toMatchObject({ status: 'success' })
    })
  }, limit)

  it('fault 23: a stop of the bot that lands after its limit leaves the stack with one bot, the old one', async (context) => {
    const { answer } = await late(here(), context, 'restart_bot', /^POST \/containers\/\w+\/stop$/)
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('limits.stop') })
  }, limit)

  it('fault 23: a start of the new bot that lands after its limit finds nothing', async (context) => {
    const { answer } = await late(here(), context, 'restart_bot', /^POST \/containers\/\w+\/start$/)
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('limits.start') })
  }, limit)

  it('fault 23: a bot whose creation lands after its limit is never a second one', async (context) => {
    const { answer } = await late(here(), context, 'restart_bot', /^POST \/containers\/create$/)
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('limits.start') })
  }, limit)

  it('fault 23: a standby whose creation lands after its limit is in nobody\'s way', async (context) => {
    const hurt = here()
    const { answer } = await late(hurt, context, 'start_zetherion-ai-skills-green', /^POST \/containers\/create$/)
    expect(answer?.body).toMatchObject({ status: 'failed', error: expect.stringContaining('limits.start') })
    await resumed(hurt)
    await applied(hurt, otherThan(await seenRecord(hurt.stack.project.state)))
  }, limit)

  /** One call lands when everybody has given up on it and the stack is at rest without it; what it leaves is put right. */
  async function late(hurt: HurtStack, context: Pick<TestContext, 'task'>, step: string, late: RegExp): Promise<Ended> {
    const before = await onBlue(hurt)
    let done = false
    const begins = moments.at(step, () => proxy().misbehave((call) => {
      if (done || !late.test(`${call.method} ${call.path}`)) return null
      done = true
      return 'late'
    }))
    const ended = await through(hurt, context, {
      async ask() {
        const answer = await applyOther(hurt)
        await untilAtRest(hurt)
        proxy().land()
        return answer
      },
      begins,
      until: () => eventually('the late effect', () => (proxy().landed.length > 0 ? true : null)),
    })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
    return ended
  }
})

/** From the first call on that the expression fits. */
function since(from: RegExp | undefined, trouble: Trouble): (call: Call) => Trouble | null {
  let begun = from === undefined
  return ({ method, path }) => {
    begun ||= from?.test(`${method} ${path}`) === true
    return begun ? trouble : null
  }
}
