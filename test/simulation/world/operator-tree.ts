import type { Command } from './operator-docker.ts'
import type { Stack } from './stack.ts'

const reachesTheRemote = 300

/** `git checkout main && git pull` in the project directory. */
export async function gitPull(stack: Stack): Command {
  await stack.time.pause(reachesTheRemote)
  return stack.git.pull()
}

/** An editor in the project directory. */
export async function editFile(stack: Stack, path: string, content: string | null): Command {
  stack.git.edit(path, content)
  return null
}
