import { servicesOf, type Color, type Topology } from './topology.ts'

/** Step names as the wire contract has them (api-contract.md), made in one place. */
export const stepNames = {
  fetch: 'git_fetch_tags',
  checkout: 'git_checkout_tag',
  preflight: 'preflight',
  build: 'docker_build',
  start: (service: string) => `start_${service}`,
  health: (service: string) => `health_${service}`,
  preview: (group: string) => `health_preview_${group}`,
  switch: 'route_switch',
  routed: (group: string) => `health_routed_${group}`,
  restart: (singleton: string) => `restart_${singleton}`,
  singletonHealth: (singleton: string) => `health_${singleton}`,
  commit: 'commit',
  drain: 'drain',
  stopOld: 'stop_old_color',
  updateTree: 'update_tree',
} as const

/** Every step of a rollout towards `target`, in the order of the contract, whatever ran side by side. */
export function planOf(topology: Topology, target: Color): string[] {
  const services = servicesOf(topology, target)
  const groups = topology.groups.map((group) => group.name)
  return [
    stepNames.fetch, stepNames.checkout, stepNames.preflight, stepNames.build,
    ...services.flatMap((service) => [stepNames.start(service), stepNames.health(service)]),
    ...groups.map(stepNames.preview),
    ...(groups.length > 0 ? [stepNames.switch, ...groups.map(stepNames.routed)] : []),
    ...topology.singletons.flatMap(({ name }) => [stepNames.restart(name), stepNames.singletonHealth(name)]),
    stepNames.commit, stepNames.drain, stepNames.stopOld, stepNames.updateTree,
  ]
}

/** Adds completed steps and keeps the contract's order. */
export function withCompleted(completed: readonly string[], names: readonly string[], topology: Topology, target: Color): string[] {
  const done = new Set([...completed, ...names])
  return planOf(topology, target).filter((name) => done.has(name))
}

