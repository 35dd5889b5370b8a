import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { inspect, runningServices } from '../rollout/containers.ts'
import { onBlue, onHurtStack, underLimits, type HurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'
import { applyOther, createMoments, through } from './in-trouble.ts'

/** For a machine that does much else, ms. */
const limit = 240_000

const moments = createMoments()
const others = () => false
const both = ['api-blue', 'api-green', 'bot', 'skills-blue', 'skills-green']

/** Where Traefik does not follow they pass one after the other; one that is well follows in a third of a second, and answers in a few ms. */
const short = { routedHealth: '2s', probe: '2s' }

onHurtStack('a Traefik that fails in the middle of a rollout', { limits: { routedHealth: '7s' }, onLine: moments.onLine }, (here) => {
  it('fault 32: one that does not reload, because somebody broke a file beside ours, keeps both colors until it does', async (context) => {
    const hurt = here()
    const before = await onBlue(hurt)
    const broken = join(hurt.stack.project.state, 'traefik/dynamic/broken.yml')
    const { answer } = await underLimits(hurt, short, () => through(hurt, context, {
      ask: () => applyOther(hurt),
      begins: moments.at('route_switch', () => writeFile(broken, 'http: [\n')),
      async end() {
        // The updater has told how it ended, and neither color may be stopped yet.
        expect(await managed(hurt)).toEqual(both)
        expect((await hurt.stack.updater.get('/status')).body).toMatchObject({ active_color: 'blue', paused: true })
        await rm(broken)
      },
    }))
    expect(answer?.body).toMatchObject({ status: 'failed', paused: true, error: expect.stringContaining('The undo is not complete and goes on by itself') })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
  }, limit)

  it('fault 32: one that was stopped in the switch keeps both colors until it is started again', async (context) => {
    const hurt = here()
    const before = await onBlue(hurt)
    const { answer } = await underLimits(hurt, short, () => through(hurt, context, {
      ask: () => applyOther(hurt),
      begins: moments.at('route_switch', async () => void (await hurt.stack.docker(['kill', 'zetherion-ai-traefik']))),
      async end() {
        expect(await managed(hurt)).toEqual(both)
        await hurt.stack.docker(['start', 'zetherion-ai-traefik'])
      },
      ours: others,
    }))
    expect(answer?.body).toMatchObject({ status: 'failed', paused: true })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
  }, limit)

  it.for(['health_preview_skills', 'health_routed_skills', 'drain'])('fault 32: one that crashes in %s and is started by the engine again: one release serves, the one that the record says', { timeout: limit }, async (step, context) => {
    const hurt = here()
    const started = await inspect(hurt.stack, 'zetherion-ai-traefik', '{{.State.StartedAt}}')
    await through(hurt, context, {
      ask: () => applyOther(hurt),
      begins: moments.at(step, async () => void process.kill(await pidOf(hurt), 'SIGKILL')),
      until: () => eventually('a Traefik that the engine has started again', async () =>
        (await inspect(hurt.stack, 'zetherion-ai-traefik', '{{.State.Running}} {{.State.StartedAt}}')) === `true ${started}` ? null : true),
      ours: others,
    })
  })

  it('fault 32: one that hangs for two seconds in the switch costs nobody a request', async (context) => {
    const hurt = here()
    const pid = await pidOf(hurt)
    const { answer } = await through(hurt, context, {
      ask: () => applyOther(hurt),
      begins: moments.at('route_switch', () => void process.kill(pid, 'SIGSTOP')),
      until: () => new Promise((resolve) => setTimeout(resolve, 2_000)),
      end: () => void process.kill(pid, 'SIGCONT'),
    })
    expect(answer?.body).toMatchObject({ status: 'success' })
  }, limit)
})

/** On this host, where the engine's containers are processes like others. */
async function pidOf({ stack }: HurtStack): Promise<number> {
  return Number(await inspect(stack, 'zetherion-ai-traefik', '{{.State.Pid}}'))
}

async function managed({ stack }: HurtStack): Promise<string[]> {
  return (await runningServices(stack)).filter((service) => service !== 'traefik')
}
