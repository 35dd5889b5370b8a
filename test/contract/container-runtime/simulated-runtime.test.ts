import type { ReleaseKind as SimulatedKind } from '../../simulation/world/releases.ts'
import { SimulatedRuntime } from '../../simulation/world/runtime.ts'
import { startSimulatedStack } from '../simulated-world.ts'
import type { ReleaseKind } from './releases.ts'
import { containerRuntimeContract, imageOf, releaseKinds, releaseOf, services } from './suite.ts'

/** How the contract's releases are called in the simulated world, where every good build takes two seconds. */
const simulated: Readonly<Record<ReleaseKind, SimulatedKind>> = {
  good: 'good', next: 'good', slow: 'good', endless: 'build hangs', 'failing-build': 'does not build', stubborn: 'ignores SIGTERM',
  dying: 'bot dies', unhealthy: 'never healthy', incomplete: 'preflight refuses',
}

const topology = {
  groups: [{ name: 'web', services: { blue: services.blue, green: services.green }, port: 8080, healthPath: '/health', entryPoint: 'web', router: {} }],
  singletons: [{ name: 'bot', service: services.bot }],
} as const

containerRuntimeContract('the simulated engine', async () => {
  const { stack, life, close } = startSimulatedStack(topology)
  for (const kind of releaseKinds) {
    const release = releaseOf(kind)
    stack.publish(release, simulated[kind])
    stack.git.mirror.add(release.commit)
    stack.git.checkouts.add(release.commit)
  }
  // As the contract's compose files say.
  for (const service of Object.values(services)) stack.engine.policies.set(service, 'no')
  const runtime = new SimulatedRuntime(stack, life)
  return {
    runtime,
    release: releaseOf,
    ask: async ({ address }) => {
      const instance = stack.engine.instances.find(({ service, state }) => service === address && state === 'running')
      if (instance === undefined) throw new Error(`nothing listens at ${address}`)
      return { status: stack.engine.isHealthy(instance) ? 200 : 503, text: instance.image.version ?? '' }
    },
    async whereStuck(release, service) {
      stack.images.stick(service, release.commit)
      return { runtime, mend: async () => stack.images.unstick(service, release.commit) }
    },
    async nameByHand({ commit }, service, tag) {
      const [{ images }, image] = [stack, stack.images.get(service, commit)]
      if (image === undefined) throw new Error(`there is no image of ${service} of ${commit}`)
      const name = `${imageOf(service)}:${tag}`
      images.byHand.set(name, image)
      return { name, isThere: async () => images.byHand.has(name), remove: async () => void images.byHand.delete(name) }
    },
    close: async () => close(),
  }
})
