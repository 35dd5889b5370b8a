import { describe, it } from 'vitest'
import type { DockerRuntimeOptions } from '../../../src/docker/settings.ts'
import { engineAvailable, missing } from '../../engine/availability.ts'

/** Tests that ask the real Docker Compose, which needs no engine to judge a file. Without it, the reason is printed. */
export function onCompose(title: string, tests: (options: Partial<DockerRuntimeOptions>) => void): void {
  const { compose } = engineAvailable()
  if (compose.ready) {
    describe(title, () => tests({ composeCommand: [compose.path] }))
    return
  }
  describe.skip(`${title} (not run: ${missing(engineAvailable(), ['compose']) ?? ''})`, () => {
    it('needs Docker Compose', () => undefined)
  })
}
