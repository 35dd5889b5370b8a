import type { ContainerInspectInfo } from 'dockerode'
import type { Container } from '../../rollout/model.ts'
import { composeServiceLabel } from '../labels.ts'

/** The engine's account of a container in our terms. */
export function readContainer(info: ContainerInspectInfo, commit: string | null, networkName: string | null): Container {
  const state = stateOf(info)
  return {
    id: info.Id,
    service: info.Config.Labels[composeServiceLabel] ?? '',
    state,
    health: healthOf(info),
    imageId: info.Image,
    commit,
    address: state === 'running' ? addressOf(info, networkName) : null,
    // Reached on the stack's own network, where every port is what it is inside.
    ports: {},
    restarts: info.RestartCount,
    exitCode: state === 'exited' || state === 'dead' ? info.State.ExitCode : null,
    // The engine writes the year 1 for "never".
    startedAt: info.State.StartedAt.startsWith('0001-') ? null : info.State.StartedAt,
  }
}

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const satisfies readonly Container['state'][]

function stateOf(info: ContainerInspectInfo): Container['state'] {
  return states.find((state) => state === info.State.Status) ?? 'dead'
}

function healthOf(info: ContainerInspectInfo): Container['health'] {
  const status = info.State.Health?.Status
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none'
}

function addressOf(info: ContainerInspectInfo, networkName: string | null): string | null {
  const networks = Object.entries(info.NetworkSettings.Networks).sort(([a], [b]) => (a < b ? -1 : 1))
  const [, network] = networks.find(([name]) => name === networkName) ?? networks[0] ?? []
  if (network !== undefined && network.IPAddress !== '') return network.IPAddress
  return networks.some(([name]) => name === 'host') ? '127.0.0.1' : null
}
