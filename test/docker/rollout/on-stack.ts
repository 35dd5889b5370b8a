import { afterAll, beforeAll, expect, vi } from 'vitest'
import { startDockerStack, type DockerStack, type DockerStackOptions } from '../../../demo/stack/docker-stack.ts'
import { startEngine } from '../../engine/engine.ts'
import { describeWhereReady, wholeEngine } from '../../engine/where-ready.ts'

/** How the stack of a story differs from the usual one. */
export type StoryOptions = Pick<DockerStackOptions, 'policy' | 'limits'>

/**
 * A story in several tests, told in their order on one stack: v1.0.0 as an operator brought it up on a real engine behind a
 * real Traefik, with the daemon at work. Without engine, Traefik or Compose the reason is printed.
 */
export function onStack(title: string, options: StoryOptions, tests: (here: () => DockerStack) => void): void {
  describeWhereReady(title, wholeEngine, () => {
    const endings: (() => Promise<void>)[] = []
    let stack: DockerStack | undefined
    const here = (): DockerStack => {
      if (stack === undefined) throw new Error('the stack of this story was not started')
      return stack
    }

    beforeAll(async () => {
      const engine = await startEngine()
      endings.push(() => engine.stop())
      stack = await startDockerStack({ first: 'v1.0.0', engine, ...options })
      endings.push(() => here().close())
      // On a branch, as most operators are, so that `git pull` means something.
      await stack.project.git('checkout', '--quiet', 'main')
      await stack.startUpdater()
      await vi.waitFor(async () => expect((await here().updater.get('/status')).body).toMatchObject({ active_color: 'blue' }), { timeout: 20_000, interval: 50 })
    }, 180_000)
    afterAll(async () => {
      for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
    }, 120_000)

    tests(here)
  })
}
