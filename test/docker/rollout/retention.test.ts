import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import type { DockerStack } from '../../../demo/stack/docker-stack.ts'
import { inspect, running } from './containers.ts'
import { onStack } from './on-stack.ts'
import { apply, rollBack, underLoad } from './rollouts.ts'

onStack('what is kept of earlier releases, on a real engine', { policy: { keepReleases: 2 } }, (here) => {
  it('goes back to what was found running at the first start, as long as its images are there', async () => {
    const stack = here()
    expect(await apply(stack, 'v1.1.0')).toMatchObject({ status: 200 })
    const found = await previousOf(stack)
    const before = await running(stack)
    const image = `zetherion-ai-skills:${found.slice(0, 12)}`
    const id = await inspect(stack, image, '{{.Id}}')
    await stack.docker(['image', 'rm', image])
    const without = await underLoad(stack, () => rollBack(stack, found))

    expect(without.result.status).toBe(500)
    expect(without.result.body).toMatchObject({ status: 'failed', active_color: 'green', error: expect.stringContaining('zetherion-ai-skills-blue') })
    expect(without.served).toEqual({ skills: ['v1.1.0'], api: ['v1.1.0'] })
    expect(await running(stack)).toEqual(before)

    await stack.docker(['tag', id, image])
    const { result, served } = await underLoad(stack, () => rollBack(stack, found))

    expect(result.body).toMatchObject({ status: 'success', active_color: 'blue', error: null })
    expect(served).toEqual({ skills: ['v1.1.0', 'v1.0.0'], api: ['v1.1.0', 'v1.0.0'] })
  })

  it('keeps images and checkouts of what runs and of the one before, and nothing older', async () => {
    const stack = here()
    await underLoad(stack, async () => {
      for (const tag of ['v1.1.0', 'v1.6.0', 'v1.7.0']) expect(await apply(stack, tag)).toMatchObject({ status: 200 })
    })

    const kept = ['v1.6.0', 'v1.7.0'].map((tag) => stack.project.release(tag).commit)
    // Room is made in the time that nothing else wants, after the answer.
    await vi.waitFor(async () => {
      for (const repository of ['bot', 'skills', 'api']) expect(await releaseTags(stack, repository)).toEqual(kept.map((commit) => commit.slice(0, 12)).sort())
      expect((await readdir(join(stack.project.state, 'releases'))).sort()).toEqual(kept.toSorted())
      expect(await stack.docker(['image', 'ls', '--format', '{{.Tag}}'])).not.toMatch(/keep-/)
    }, { timeout: 20_000, interval: 200 })
  })

  it('refuses to leave a release whose bot image somebody pruned, and stops nothing', async () => {
    const stack = here()
    const before = await running(stack)
    const image = `zetherion-ai-bot:${stack.project.release('v1.7.0').commit.slice(0, 12)}`
    await stack.docker(['image', 'rm', image])
    const { result, served } = await underLoad(stack, () => rollBack(stack, stack.project.release('v1.6.0').commit))

    expect(result.status).toBe(500)
    expect(result.body).toMatchObject({ status: 'failed', error: expect.stringMatching(/images of zetherion-ai-bot/) })
    expect(served).toEqual({ skills: ['v1.7.0'], api: ['v1.7.0'] })
    expect(await running(stack)).toEqual(before)
    await stack.docker(['tag', 'zetherion-ai-bot:current', image])
  })

  it('builds the previous release again, from its commit, when somebody pruned its images', async () => {
    const stack = here()
    const { commit } = stack.project.release('v1.6.0')
    const images = ['bot', 'skills', 'api'].map((name) => `zetherion-ai-${name}:${commit.slice(0, 12)}`)
    await stack.docker(['image', 'rm', '--force', ...images])
    const { result, served } = await underLoad(stack, () => rollBack(stack, commit))

    expect(result.body).toMatchObject({ status: 'success', new_sha: commit })
    expect(served).toEqual({ skills: ['v1.7.0', 'v1.6.0'], api: ['v1.7.0', 'v1.6.0'] })
  })
})

/** What the status calls the previous release. */
async function previousOf(stack: DockerStack): Promise<string> {
  const { previous } = (await stack.updater.get('/status')).body
  const [first]: unknown[] = Array.isArray(previous) ? previous : []
  if (typeof first !== 'object' || first === null || !('sha' in first) || typeof first.sha !== 'string') throw new Error('the status tells of no previous release')
  return first.sha
}

/** Tags of the form that releases have, adopted ones included, sorted. */
async function releaseTags(stack: DockerStack, repository: string): Promise<string[]> {
  const tags = await stack.docker(['image', 'ls', `zetherion-ai-${repository}`, '--format', '{{.Tag}}'])
  return tags.split('\n').filter((tag) => !['blue', 'green', 'current', '<none>'].includes(tag)).sort()
}
