import type { DockerRuntimeOptions } from '../../../src/docker/settings.ts'
import { describeWhereReady } from '../../engine/where-ready.ts'

/** Tests that ask the real Docker Compose, which needs no engine to judge a file. Without it, the reason is printed. */
export function onCompose(title: string, tests: (options: Partial<DockerRuntimeOptions>) => void): void {
  describeWhereReady(title, ['compose'], ({ compose }) => {
    if (compose.ready) tests({ composeCommand: [compose.path] })
  })
}
