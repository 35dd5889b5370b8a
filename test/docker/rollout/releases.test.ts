import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { publishChanged } from '../../sandbox/daemon/changed-release.ts'
import { bots, commitOf, inspect, runningServices } from './containers.ts'
import { onStack } from './on-stack.ts'
import { apply, applyAndKill, underLoad, unpause } from './rollouts.ts'

const servingGreen = ['api-green', 'bot', 'skills-green', 'traefik']

onStack('each kind of release, on a real engine behind a real Traefik', {}, (here) => {
  it('makes a good release active, asked by the very skills container that it retires', async () => {
    const stack = here()
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.1.0'))

    expect(result.body).toMatchObject({ status: 'success', active_color: 'green', paused: false, error: null })
    expect(result.status).toBe(200)
    expect(served).toEqual({ skills: ['v1.0.0', 'v1.1.0'], api: ['v1.0.0', 'v1.1.0'] })
    expect(await runningServices(stack)).toEqual(servingGreen)
    expect(await inspect(stack, 'zetherion-ai-skills-blue', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 0')
    const { commit } = stack.project.release('v1.1.0')
    for (const service of servingGreen.filter((name) => name !== 'traefik')) expect(await commitOf(stack, `zetherion-ai-${service}`)).toBe(commit)
    expect((await bots(stack)).split('\n')).toHaveLength(1)
    expect(await stack.project.git('rev-parse', 'HEAD')).toBe(commit)
    expect((await stack.updater.get('/update/history')).body['entries']).toMatchObject([{ tag: 'v1.1.0', result: { status: 'success', steps_completed: expect.arrayContaining(['commit', 'stop_old_color', 'update_tree']) } }])
  })

  it('takes a release away again that never gets healthy, and says what it printed', async () => {
    const stack = here()
    const bot = await bots(stack)
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.2.0'))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'failed', active_color: 'green', paused: true, error: expect.stringContaining('limits.directHealth') })
    expect(result.body['error']).toMatch(/"service":"skills","message":"started"/)
    expect(served).toEqual({ skills: ['v1.1.0'], api: ['v1.1.0'] })
    expect(await runningServices(stack)).toEqual(servingGreen)
    expect(await bots(stack)).toBe(bot)
    await unpause(stack)
  })

  it('never routes a release that is healthy only when asked directly, and says what it printed', async () => {
    const stack = here()
    const bot = await bots(stack)
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.3.0'))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'failed', active_color: 'green', paused: true, error: expect.stringContaining('limits.previewHealth') })
    expect(result.body['error']).toMatch(/untrusted header x-forwarded-/)
    expect(served).toEqual({ skills: ['v1.1.0'], api: ['v1.1.0'] })
    expect(await bots(stack)).toBe(bot)
    await unpause(stack)
  })

  it('has traffic and the one bot back on the old release when the new bot dies', async () => {
    const stack = here()
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.4.0'))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'rolled_back', active_color: 'green', paused: true })
    expect(result.body['error']).toMatch(/^zetherion-ai-bot .*TypeError: Cannot read properties of undefined/s)
    expect(served).toEqual({ skills: ['v1.1.0', 'v1.4.0', 'v1.1.0'], api: ['v1.1.0', 'v1.4.0', 'v1.1.0'] })
    expect(await runningServices(stack)).toEqual(servingGreen)
    expect((await bots(stack)).split('\n')).toHaveLength(1)
    expect(await commitOf(stack, 'zetherion-ai-bot')).toBe(stack.project.release('v1.1.0').commit)
    expect(await inspect(stack, 'zetherion-ai-bot', '{{.State.Health.Status}} {{.RestartCount}}')).toBe('healthy 0')
    await unpause(stack)
  })

  it('starts nothing of a release that does not build, and leaves nothing of it', async () => {
    const stack = here()
    const bot = await bots(stack)
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.5.0'))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'failed', active_color: 'green', paused: true })
    expect(result.body['error']).toMatch(/zetherion-ai-skills-blue could not be built.*SyntaxError/s)
    expect(result.body['steps_completed']).not.toContain('docker_build')
    expect(served).toEqual({ skills: ['v1.1.0'], api: ['v1.1.0'] })
    expect(await bots(stack)).toBe(bot)
    const { commit } = stack.project.release('v1.5.0')
    // Room is made in the time that nothing else wants, after the answer.
    await vi.waitFor(async () => {
      expect(await stack.docker(['image', 'ls', '--format', '{{.Tag}}'])).not.toContain(commit.slice(0, 12))
      expect(existsSync(join(stack.project.state, 'releases', commit))).toBe(false)
    }, { timeout: 20_000, interval: 200 })
    await unpause(stack)
  })

  it('puts everything back when the updater is killed before the commit point', async () => {
    const stack = here()
    const { result, served } = await underLoad(stack, () => applyAndKill(stack, 'v1.6.0', 'health_bot'))

    expect(result.status).toBe(502)
    expect(served).toEqual({ skills: ['v1.1.0', 'v1.6.0', 'v1.1.0'], api: ['v1.1.0', 'v1.6.0', 'v1.1.0'] })
    expect(await runningServices(stack)).toEqual(servingGreen)
    expect((await bots(stack)).split('\n')).toHaveLength(1)
    expect(await commitOf(stack, 'zetherion-ai-bot')).toBe(stack.project.release('v1.1.0').commit)
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: true, pause_reason: expect.stringContaining('The updater ended during') })
    await unpause(stack)
  })

  it('finishes the rollout when the updater is killed after the commit point, and brings the operator\'s tree along', async () => {
    const stack = here()
    const { result, served } = await underLoad(stack, () => applyAndKill(stack, 'v1.6.0', 'stop_old_color'))

    expect(result.status).toBe(200)
    expect(served).toEqual({ skills: ['v1.1.0', 'v1.6.0'], api: ['v1.1.0', 'v1.6.0'] })
    expect(await runningServices(stack)).toEqual(['api-blue', 'bot', 'skills-blue', 'traefik'])
    expect((await bots(stack)).split('\n')).toHaveLength(1)
    expect(await stack.project.git('rev-parse', 'HEAD')).toBe(stack.project.release('v1.6.0').commit)
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: false, last_good_tag: 'v1.6.0' })
  })

  it('touches nothing for a release whose compose file cannot work, and says where that stands', async () => {
    const stack = here()
    const everything = async (): Promise<unknown> => [await stack.docker(['ps', '--no-trunc', '--format', '{{.ID}}']), await stack.routes(), await stack.project.git('rev-parse', 'HEAD')]
    const commit = await publishChanged(stack.project, 'v2.0.0', [
      { from: '      context: .\n      dockerfile: Dockerfile\n', to: '      context: ..\n      dockerfile: Dockerfile\n' },
      { from: 'x-skills-volumes: &skills-volumes\n', to: 'x-skills-volumes: &skills-volumes\n  - ./missing:/missing:ro\n' },
    ])
    const before = await everything()
    const { result } = await underLoad(stack, () => apply(stack, 'v2.0.0'))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'failed', paused: true, steps_completed: ['git_fetch_tags', 'git_checkout_tag'] })
    const [first = '', ...further] = String(result.body['error']).split('; docker-compose.yml:')
    expect(first).toMatch(/^v2\.0\.0 cannot run here: docker-compose\.yml:\d+:5 at v2\.0\.0: zetherion-ai-skills-blue binds .*\/project\/missing, which does not exist; create it$/)
    expect(further).toEqual([
      expect.stringMatching(/^\d+:5 at v2\.0\.0: zetherion-ai-skills-green binds /),
      expect.stringMatching(/^\d+:7 at v2\.0\.0: zetherion-ai-bot builds from .*, which is outside the repository\.$/),
    ])
    expect(await everything()).toEqual(before)
    expect(await stack.docker(['image', 'ls', '--format', '{{.Tag}}'])).not.toContain(commit.slice(0, 12))
    expect((await stack.updater.get('/status')).body['quarantine']).toContainEqual(expect.objectContaining({ tag: 'v2.0.0' }))
    await unpause(stack)
  })
})
