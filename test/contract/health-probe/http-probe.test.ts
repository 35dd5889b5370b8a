import { createHealthProbe } from '../../../src/probes/health-probe.ts'
import type { Container } from '../../../src/rollout/model.ts'
import { previewPath, stampHeader } from '../../../src/rollout/stamp.ts'
import { colors } from '../../../src/rollout/topology.ts'
import { groupOf } from '../traffic-router/topologies.ts'
import { startAnsweringServer } from './answering-server.ts'
import type { AnsweringServer } from './answering-server.ts'
import { healthProbeContract } from './suite.ts'
import type { Behaviour } from './suite.ts'

const group = groupOf('skills', 8080)

healthProbeContract('HTTP with real servers', async () => {
  const [direct, routed, internal] = [await startAnsweringServer(), await startAnsweringServer(), await startAnsweringServer()]
  const probe = createHealthProbe({ entryPoints: { skills: routed.url }, preview: internal.url, healthUrls: [], limit: 400 })
  const previews = new Map<string, Behaviour>()
  const container: Container = {
    id: 'c1', service: group.services.blue, state: 'running', health: 'healthy', imageId: 'i1', commit: null, address: '127.0.0.1',
    ports: { 8080: direct.port }, restarts: 0, exitCode: null, startedAt: null,
  }
  internal.answer((request, response) => {
    const color = colors.find((color) => request.url === `${previewPath('skills', color)}/health`)
    const behaviour = color === undefined ? undefined : previews.get(color)
    if (behaviour === undefined) throw new Error(`Nothing is modelled at ${request.url}`)
    if (behaviour.kind === 'refuses') response.destroy()
    if (behaviour.kind === 'answers') response.writeHead(behaviour.status, headersOf(behaviour.stamp)).end()
  })
  return {
    probe,
    group,
    container,
    behave: async (place, behaviour) => {
      if (place === 'direct') await behaveAt(direct, behaviour)
      else if (place === 'routed') await behaveAt(routed, behaviour)
      else previews.set(place.slice('preview-'.length), behaviour)
    },
    dispose: async () => {
      await Promise.all([direct, routed, internal].map((server) => server.close()))
    },
  }
})

async function behaveAt(server: AnsweringServer, behaviour: Behaviour): Promise<void> {
  if (behaviour.kind === 'refuses') await server.close()
  server.answer((_request, response) => {
    if (behaviour.kind === 'answers') response.writeHead(behaviour.status, headersOf(behaviour.stamp)).end('{}')
  })
}

function headersOf(stamp: string | null): Record<string, string> {
  return stamp === null ? {} : { [stampHeader]: stamp }
}
