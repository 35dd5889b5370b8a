import type { Group, Topology } from '../../../src/rollout/topology.ts'

function group(name: string, port: number): Group {
  return { name, services: { blue: `${name}-blue`, green: `${name}-green` }, port, healthPath: '/health', entryPoint: name, router: {} }
}

const bot = { name: 'bot', service: 'bot' } as const
const mailer = { name: 'mailer', service: 'mailer' } as const

/** Two groups and one singleton, as Zetherion has them. */
export const usual: Topology = { groups: [group('skills', 8080), group('api', 8443)], singletons: [bot] }
export const noGroups: Topology = { groups: [], singletons: [bot] }
export const noSingletons: Topology = { groups: [group('skills', 8080)], singletons: [] }
export const twoOfEach: Topology = { groups: usual.groups, singletons: [bot, mailer] }
export const nothingAtAll: Topology = { groups: [], singletons: [] }
