import { expect, it } from 'vitest'
import { bots, inspect } from '../rollout/containers.ts'
import { followEvents, forceAway, seenContainers } from '../kill/engine-look.ts'
import { onBlue, onHurtStack, type HurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'
import { applyOf, applyOther, createMoments, through } from './in-trouble.ts'

/** For a machine that does much else, ms. */
const limit = 240_000

const moments = createMoments()
const nothing = () => Promise.resolve(null)
const others = () => false

onHurtStack('what other hands do to containers and images', { policy: { restarts: 50 }, limits: { stop: '3s' }, onLine: moments.onLine }, (here) => {
  it('fault 25: a bot that somebody removed at rest is made again', async (context) => {
    const hurt = here()
    const { commit } = hurt.stack.project.release((await seenRecord(hurt.stack.project.state)).activeTag)
    await through(hurt, context, { ask: nothing, begins: gone(hurt.stack.docker(['rm', '--force', 'zetherion-ai-bot'])) })
    expect(await inspect(hurt.stack, 'zetherion-ai-bot', '{{index .Config.Labels "org.opencontainers.image.revision"}}')).toBe(commit)
  }, limit)

  it('fault 25: a container of the active color that somebody stopped at rest is started again', async (context) => {
    const hurt = here()
    const { activeColor } = await seenRecord(hurt.stack.project.state)
    // Who stops what serves makes requests fail; how many depends on how long it takes.
    await through(hurt, context, { ask: nothing, begins: gone(hurt.stack.docker(['stop', `zetherion-ai-api-${activeColor}`])), ours: others })
  }, limit)

  it('fault 25: a standby that somebody removed while it is checked fails its release, and nothing else', async (context) => {
    const hurt = here()
    const before = await onBlue(hurt)
    const begins = moments.at('health_zetherion-ai-skills-green', () => whileStopped(hurt, () => hurt.stack.docker(['rm', '--force', 'zetherion-ai-skills-green'])))
    const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins })
    expect(answer?.body).toMatchObject({ status: 'failed', active_color: 'blue' })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
  }, limit)

  it('fault 25: a new bot that somebody removed while it is checked gives way to the old release', async (context) => {
    const hurt = here()
    await onBlue(hurt)
    const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins: botRemovedAtStart(hurt) })
    expect(answer?.body).toMatchObject({ status: 'rolled_back', active_color: 'blue', error: expect.stringMatching(/removed from outside|No such container/) })
  }, limit)

  it('fault 28: an image of the new release that is pruned before its use is told before the bot is touched', async (context) => {
    const hurt = here()
    await onBlue(hurt)
    const bot = await bots(hurt.stack)
    const { commit } = hurt.stack.project.release('v1.6.0')
    const begins = moments.at('health_routed_skills', () => whileStopped(hurt, () => hurt.stack.docker(['image', 'rm', `zetherion-ai-bot:${commit.slice(0, 12)}`])))
    const { answer } = await through(hurt, context, { ask: () => applyOf(hurt.stack, 'v1.6.0'), begins })
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('was removed from outside; nothing was stopped') })
    expect(await bots(hurt.stack)).toBe(bot)
  }, limit)

  it('fault 28: an image of the running release that is pruned in a rollout is told before the bot is touched, since it could not come back', async (context) => {
    const hurt = here()
    const { activeCommit } = await onBlue(hurt)
    const bot = await bots(hurt.stack)
    const name = `zetherion-ai-bot:${activeCommit.slice(0, 12)}`
    const begins = moments.at('health_routed_skills', () => whileStopped(hurt, () => hurt.stack.docker(['image', 'rm', name])))
    const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins })
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('of the running release') })
    expect(await bots(hurt.stack)).toBe(bot)
    await hurt.stack.docker(['tag', 'zetherion-ai-bot:current', name])
  }, limit)

  it('fault 36: a new bot that dies is taken away for certain, and the old one is back', async (context) => {
    const hurt = here()
    const { activeTag } = await onBlue(hurt)
    const { answer } = await through(hurt, context, { ask: () => applyOf(hurt.stack, 'v1.4.0'), begins: Promise.resolve() })
    expect(answer?.body).toMatchObject({ status: 'rolled_back', error: expect.stringMatching(/^zetherion-ai-bot .*TypeError/s) })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(activeTag)
  }, limit)

  it('fault 37: a bot that does not react to SIGTERM is killed at its limit, and the new one comes only then', async (context) => {
    const hurt = here()
    const { activeTag } = await onBlue(hurt)
    const [old] = (await seenContainers(hurt.engine.socketPath)).filter(({ service }) => service === 'zetherion-ai-bot')
    process.kill(Number(await inspect(hurt.stack, 'zetherion-ai-bot', '{{.State.Pid}}')), 'SIGSTOP')
    // One that does not even answer its health check is an old bot all the same.
    const { answer } = await through(hurt, context, { ask: () => applyOther(hurt), begins: Promise.resolve() })
    expect(answer?.body).toMatchObject({ status: 'success' })
    expect(Number(answer?.body['duration_seconds'])).toBeGreaterThan(3)
    expect((await seenRecord(hurt.stack.project.state)).activeTag).not.toBe(activeTag)
    expect((await seenContainers(hurt.engine.socketPath)).map(({ id }) => id)).not.toContain(old?.id)
  }, limit)
})

async function gone(command: Promise<unknown>): Promise<void> {
  await command
}

/** On a machine that does much else a command takes longer than a step of the updater, which would be further on by then. */
async function whileStopped({ stack }: HurtStack, command: () => Promise<unknown>): Promise<void> {
  process.kill(stack.daemon().pid, 'SIGSTOP')
  try {
    await command()
  } finally {
    process.kill(stack.daemon().pid, 'SIGCONT')
  }
}

/** Removes the next bot that is started, before its first health check. */
function botRemovedAtStart({ engine }: HurtStack): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = followEvents(engine.socketPath, ({ id, service, action }) => {
      if (service !== 'zetherion-ai-bot' || action !== 'start') return
      events.end()
      forceAway(engine.socketPath, id).then(resolve, reject)
    })
    events.open.catch(reject)
  })
}
