import type { Group, Topology } from '../../../src/rollout/topology.ts'

/** A group like those of the stack that runs today. */
export function groupOf(name: string, port: number, changes: Partial<Group> = {}): Group {
  return {
    name,
    services: { blue: `zetherion-ai-${name}-blue`, green: `zetherion-ai-${name}-green` },
    port,
    healthPath: '/health',
    entryPoint: name,
    router: {},
    ...changes,
  }
}

/** The stack that runs today. */
export const todaysTopology: Topology = {
  groups: [groupOf('skills', 8080), groupOf('api', 8443)],
  singletons: [{ name: 'bot', service: 'zetherion-ai-bot' }],
}
