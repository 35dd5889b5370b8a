import type { Color } from '../../../src/rollout/topology.ts'
import type { Instance } from '../../simulation/world/engine.ts'
import { SimulatedProbe } from '../../simulation/world/probe.ts'
import { releaseOf } from '../../simulation/world/releases.ts'
import { textOf } from '../../simulation/world/routes-text.ts'
import { SimulatedRuntime } from '../../simulation/world/runtime.ts'
import { usual } from '../../simulation/world/topologies.ts'
import { startSimulatedStack } from '../simulated-world.ts'
import { healthProbeContract, type Behaviour } from './suite.ts'

healthProbeContract('the simulated network', async () => {
  const { stack, life, close } = startSimulatedStack(usual)
  const { engine, traefik } = stack
  const [group] = usual.groups
  if (group === undefined) throw new Error('the usual stack has a group')
  const image = stack.makeImage(releaseOf('v1.0.0'), 'good')
  const launched = (color: Color): Instance => {
    const instance = engine.create(group.services[color], image, false)
    engine.launch(instance)
    return instance
  }
  const instances: Record<Color, Instance> = { blue: launched('blue'), green: launched('green') }
  // Up long enough to be as healthy as it will ever be.
  await stack.time.pause(1_000)
  const signal = new AbortController().signal
  const [container] = await new SimulatedRuntime(stack, life).containers([group.services.blue], signal)
  if (container === undefined) throw new Error('blue does not run')

  const route = (stamp: string | null): void => {
    traefik.replaced(textOf({ active: 'blue', generation: stamp ?? 'g1', sequence: 1, topology: usual }))
    traefik.readNow()
    // Our routes always carry a stamp: an answer without one has lost it on its way.
    stack.losesStamps = stamp === null
  }
  const answerOf = (behaviour: Behaviour): Instance['answer'] => (behaviour.kind === 'answers' ? behaviour.status : behaviour.kind)
  return {
    probe: new SimulatedProbe(stack, life),
    group,
    container,
    behave: async (place, behaviour) => {
      instances[place === 'preview-green' ? 'green' : 'blue'].answer = answerOf(behaviour)
      // Through Traefik nothing listens only where Traefik itself is gone; what it cannot reach it answers for.
      traefik.down = place !== 'direct' && behaviour.kind === 'refuses'
      route(behaviour.kind === 'answers' ? behaviour.stamp : null)
    },
    dispose: async () => close(),
  }
})
