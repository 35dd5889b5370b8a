import type { DockerStack } from '../../../demo/stack/docker-stack.ts'

/** Containers that run, `service` → id and start: what an operator compares to see that nothing was recreated or restarted. */
export async function running(stack: DockerStack): Promise<Record<string, string>> {
  const ids = await stack.docker(['ps', '--quiet', '--no-trunc'])
  if (ids === '') return {}
  const format = '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}} {{.State.StartedAt}}'
  const output = await stack.docker(['inspect', '--format', format, ...ids.split('\n')])
  return Object.fromEntries(output.split('\n').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
}

/** Services that run, sorted, without their prefix. */
export async function runningServices(stack: DockerStack): Promise<string[]> {
  return Object.keys(await running(stack)).map((service) => service.replace('zetherion-ai-', '')).sort()
}

/** Ids of the bot's containers in every state, one a line: more than one line would be a bot too many. */
export function bots(stack: DockerStack): Promise<string> {
  return stack.docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', 'label=com.docker.compose.service=zetherion-ai-bot'])
}

/** Something of one container, by a template of `docker inspect`. */
export function inspect(stack: DockerStack, container: string, template: string): Promise<string> {
  return stack.docker(['inspect', '--format', template, container])
}

/** Commit that a container's image was built from. */
export function commitOf(stack: DockerStack, container: string): Promise<string> {
  return inspect(stack, container, '{{index .Config.Labels "org.opencontainers.image.revision"}}')
}
