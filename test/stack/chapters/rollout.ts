import { expect, it, type TestContext } from 'vitest'
import { startLoad } from '../../../demo/stack/load.ts'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import type { Answer } from '../../../demo/stack/client.ts'
import { releasesOn, type Seen } from '../../docker/rollout/rollouts.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { runningServices } from '../harness/inside.ts'
import type { Here, Scene } from './scene.ts'

/** A build, gates, ten seconds of drain, on a busy machine, ms. */
const rolloutLimit = 8 * 60_000

/** Of each of the load's workers between two requests, ms: steady, and little of what builds and containers have on two cores. */
const pause = 50

/** Releases of the reference app through the stack's own file, asked for by the skills service, as users see them. */
export function rollouts(here: Here): void {
  it('a release is rolled out through this very file: green serves, and no request on either entry point fails', async (context) => {
    const { result, served } = await underLoad(context, here(), () => apply(here(), 'v1.1.0'))

    expect(result.body).toMatchObject({ status: 'success', active_color: 'green', paused: false, error: null, warnings: [] })
    expect(served).toEqual({ skills: ['v1.0.0', 'v1.1.0'], api: ['v1.0.0', 'v1.1.0'] })
    const { stack } = here()
    expect((await runningServices(stack)).filter((service) => /-(blue|green)$/.test(service))).toEqual(['zetherion-ai-api-green', 'zetherion-ai-skills-green'])
    const commit = stack.releases.find(({ tag }) => tag === 'v1.1.0')?.commit
    for (const service of ['bot', 'skills-green', 'api-green']) {
      expect(await stack.docker('inspect', '--format', '{{index .Config.Labels "org.opencontainers.image.revision"}}', `zetherion-ai-${service}`), service).toBe(commit)
    }
    expect(await stack.operator.run('git', ['rev-parse', 'HEAD'], { cwd: stack.directory }), 'the operator\'s tree').toBe(commit)
    expect(await stack.operator.run('git', ['status', '--porcelain', '--untracked-files=no'], { cwd: stack.directory })).toBe('')
  }, rolloutLimit)

  it('what a rollout wrote belongs to the operator', async () => {
    const { stack } = here()
    const find = ['.', '-path', './data', '-prune', '-o', '-path', './logs', '-prune', '-o', '!', '-user', String(stack.operator.uid), '-print']
    expect(await stack.operator.run('find', find, { cwd: stack.directory })).toBe('')
  })

  it('a release whose bot dies is undone: traffic and the one bot are back, no request fails, and rollouts are paused until the operator unpauses', async (context) => {
    const { result, served } = await underLoad(context, here(), () => apply(here(), 'v1.4.0'))

    const { stack } = here()
    expect(result.body).toMatchObject({ status: 'rolled_back', active_color: 'green', paused: true })
    expect(served).toEqual({ skills: ['v1.1.0', 'v1.4.0', 'v1.1.0'], api: ['v1.1.0', 'v1.4.0', 'v1.1.0'] })
    expect(await stack.docker('inspect', '--format', '{{.State.Health.Status}} {{.RestartCount}}', 'zetherion-ai-bot')).toBe('healthy 0')
    expect((await stack.skills.post('/update/apply', { tag: 'v1.7.0', version: '1.7.0' })).status).toBe(423)
    expect((await stack.skills.post('/update/unpause')).status, 'as signed by the bot').toBe(404)
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: true })
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
  }, rolloutLimit)
}

/** Publishes a release and has the skills service ask for it; settles when the updater is idle again. */
export async function apply({ stack }: Scene, tag: string): Promise<Answer> {
  await stack.publish(tag)
  const answer = await stack.skills.post('/update/apply', { tag, version: tag.slice(1) })
  await eventually('an idle updater', async () => (await stack.updater.get('/status')).body['state'] === 'idle' ? true : null, 120_000)
  return answer
}

/** Does something under load on both entry points; not one request may fail, and never may there be two bots. */
export async function underLoad(context: TestContext, { stack }: Scene, action: () => Promise<Answer>): Promise<Seen<Answer>> {
  const load = startLoad(await stack.loadTargets(), releaseOf, pause)
  try {
    await eventually('answers of both entry points', () => load.served.length >= 2 ? true : null)
    const result = await action()
    const before = load.sent
    await eventually('what serves at the end', () => load.sent > before + 40 ? true : null)
    return { result, served: { skills: releasesOn('skills', load.served), api: releasesOn('api', load.served) } }
  } finally {
    await load.stop()
    tellFigure(context, { name: 'whole stack: requests during rollouts', value: load.sent, together: 'sum' })
    tellFigure(context, { name: 'whole stack: failed requests during rollouts', value: load.failed.length, together: 'sum' })
    expect(load.failed, 'requests that failed').toEqual([])
    expect((await stack.gateway()).overlaps, 'moments with two bots').toBe(0)
  }
}
