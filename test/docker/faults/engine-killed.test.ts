import { expect, it } from 'vitest'
import type { Answer } from '../../../demo/stack/client.ts'
import { seenContainers } from '../kill/engine-look.ts'
import { onBlue, onHurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'
import { applyOther, createMoments, through } from './in-trouble.ts'

/** For a machine that does much else, ms. */
const limit = 240_000

const moments = createMoments()

/** The commit asks nothing of the engine: once it is begun, the rollout is finished. */
const finished = ['commit', 'drain', 'stop_old_color', 'update_tree']

/*
 * What a killed engine leaves running serves on over connections that are open; for new ones Traefik looks up names in the engine's own
 * DNS, which died with it. When it comes back it ends all that runs and starts again only what says `always`. So requests that fail from its
 * death on until the stack is at rest are its doing, whatever an updater does; all others count.
 */
onHurtStack('the engine killed with SIGKILL and started again', { policy: { restarts: 50, fallenGrace: '500ms' }, onLine: moments.onLine }, (here) => {
  it.for([
    'git_fetch_tags', 'git_checkout_tag', 'preflight', 'docker_build', 'start_zetherion-ai-skills-green', 'health_zetherion-ai-skills-green',
    'start_zetherion-ai-api-green', 'health_zetherion-ai-api-green', 'health_preview_skills', 'health_preview_api', 'route_switch',
    'health_routed_skills', 'health_routed_api', 'restart_bot', 'health_bot', 'commit', 'drain', 'stop_old_color', 'update_tree',
  ])('fault 26: in %s: the right release is back behind its routes, with one bot', { timeout: limit }, async (step, context) => {
    const hurt = here()
    const before = step.endsWith('-green') ? await onBlue(hurt) : await seenRecord(hurt.stack.project.state)
    let died = Number.POSITIVE_INFINITY
    const { answer } = await through(hurt, context, {
      ask: () => applyOther(hurt),
      begins: moments.at(step, () => {
        died = Date.now()
        return hurt.engine.kill()
      }),
      end: () => hurt.engine.restart(),
      ours: ({ at }) => Date.parse(at) < died,
      watched: false,
    })

    const after = await seenRecord(hurt.stack.project.state)
    const committed = finished.includes(step)
    expect(answer?.body).toMatchObject(committed ? { status: 'success' } : { error: expect.stringMatching(/Docker|Compose|engine/) })
    expect(after.activeTag === before.activeTag).toBe(!committed)
  })

  it('fault 26: at rest: routed color and bot are started again', async (context) => {
    const hurt = here()
    const before = await seenRecord(hurt.stack.project.state)
    const died = Date.now()
    await through(hurt, context, {
      ask: nothing,
      begins: hurt.engine.kill(),
      end: () => hurt.engine.restart(),
      ours: ({ at }) => Date.parse(at) < died,
      watched: false,
    })
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
    expect((await seenContainers(hurt.engine.socketPath)).filter(({ service }) => service === 'zetherion-ai-bot')).toHaveLength(1)
  }, limit)
})

function nothing(): Promise<Answer | null> {
  return Promise.resolve(null)
}
