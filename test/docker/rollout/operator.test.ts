import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commitOf, inspect, running, runningServices } from './containers.ts'
import { onStack } from './on-stack.ts'
import { apply, rollBack, underLoad } from './rollouts.ts'

const servingGreen = ['api-green', 'bot', 'skills-green', 'traefik']

onStack('an operator beside the updater, on a real engine', { policy: { standbyGrace: '1s' } }, (here) => {
  it('brings a changed variable and a changed limit of the compose file into force', async () => {
    const stack = here()
    const { result } = await underLoad(stack, () => apply(stack, 'v1.6.0'))

    expect(result.status).toBe(200)
    expect(await inspect(stack, 'zetherion-ai-skills-green', '{{.HostConfig.Memory}}')).toBe(String(160 * 1024 ** 2))
    expect((await stack.skills.get('/skills')).body).toMatchObject({ limits: { echo_bytes: 8192 } })
    expect(await stack.project.git('status', '--porcelain', '--untracked-files=no')).toBe('')
  })

  it('keeps what runs through a plain `docker compose up -d`, and ends the retired color that it started', async () => {
    const stack = here()
    const before = await running(stack)
    const routes = await stack.routes()
    const { served } = await underLoad(stack, async () => {
      await stack.compose('up', '-d')
      expect(await runningServices(stack)).toEqual([...servingGreen, 'api-blue', 'skills-blue'].sort())
      expect(await running(stack)).toMatchObject(before)
      await expect.poll(() => runningServices(stack), { timeout: 45_000, interval: 250 }).toEqual(servingGreen)
    })

    expect(served).toEqual({ skills: ['v1.6.0'], api: ['v1.6.0'] })
    expect(await running(stack)).toEqual(before)
    expect(await stack.routes()).toBe(routes)
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: false, active_color: 'green' })
  })

  it('serves on through `git checkout .` and `git pull` in the tree', async () => {
    const stack = here()
    const before = await running(stack)
    const routes = await stack.routes()
    const { served } = await underLoad(stack, async () => {
      for (const file of ['README.md', 'config/traefik/traefik.yml', 'config/traefik/dynamic/updater-routes.yml']) await appendFile(join(stack.project.directory, file), '# an edit\n')
      await stack.project.git('checkout', '.')
      await stack.project.publish('v1.7.0')
      await stack.project.git('pull', '--quiet')
    })

    expect(await stack.project.git('rev-parse', 'HEAD')).toBe(stack.project.release('v1.7.0').commit)
    expect(served).toEqual({ skills: ['v1.6.0'], api: ['v1.6.0'] })
    expect(await running(stack)).toEqual(before)
    expect(await stack.routes()).toBe(routes)
    expect((await stack.updater.get('/status')).body).toMatchObject({ paused: false, findings: [] })
  })

  it('applies the release that the operator pulled already', async () => {
    const stack = here()
    const { result, served } = await underLoad(stack, () => apply(stack, 'v1.7.0'))

    expect(result.body).toMatchObject({ status: 'success', active_color: 'blue', warnings: [] })
    expect(served).toEqual({ skills: ['v1.6.0', 'v1.7.0'], api: ['v1.6.0', 'v1.7.0'] })
    expect(await stack.project.git('status', '--porcelain', '--branch', '--untracked-files=no')).toMatch(/^## main\.\.\.origin\/main$/)
  })

  it('rolls back to the previous release by its commit, building nothing, and brings the tree along', async () => {
    const stack = here()
    const { commit } = stack.project.release('v1.6.0')
    const built = await inspect(stack, `zetherion-ai-skills:${commit.slice(0, 12)}`, '{{.Id}}')
    const { result, served } = await underLoad(stack, () => rollBack(stack, commit))

    expect(result.status).toBe(200)
    expect(result.body).toMatchObject({ status: 'success', active_color: 'green', previous_sha: stack.project.release('v1.7.0').commit, new_sha: commit })
    expect(served).toEqual({ skills: ['v1.7.0', 'v1.6.0'], api: ['v1.7.0', 'v1.6.0'] })
    expect(await inspect(stack, 'zetherion-ai-skills-green', '{{.Image}}')).toBe(built)
    expect(await commitOf(stack, 'zetherion-ai-bot')).toBe(commit)
    expect(await stack.project.git('rev-parse', 'HEAD')).toBe(commit)
    const { entries } = (await stack.updater.get('/update/history')).body
    expect(Array.isArray(entries) && entries.at(-1)).toMatchObject({ tag: `rollback:${commit.slice(0, 12)}`, version: 'rollback', result: { status: 'success' } })
    expect((await stack.updater.get('/status')).body).toMatchObject({ quarantine: [{ tag: 'v1.7.0' }] })
  })
})
