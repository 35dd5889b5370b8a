import type { Container, ProbeAnswer } from '../../../src/rollout/model.ts'
import type { HealthProbe } from '../../../src/rollout/ports.ts'
import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { Color, Group } from '../../../src/rollout/topology.ts'
import type { Instance } from './engine.ts'
import type { Life } from './life.ts'
import type { Stack } from './stack.ts'

const probeCall = 3

/** Health questions of one daemon. A good answer proves the container to it. */
export class SimulatedProbe implements HealthProbe {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  direct(container: Container, _group: Group, signal: AbortSignal): Promise<ProbeAnswer> {
    return this.#ask('direct', signal, () => this.#answerOf(this.#stack.engine.find(container.id), null))
  }

  preview(group: Group, color: Color, signal: AbortSignal): Promise<ProbeAnswer | null> {
    return this.#ask('preview', signal, () => {
      if (!this.#stack.hasPreviews) return null
      const { traefik, engine } = this.#stack
      if (traefik.down) return refused
      const inForce = traefik.at(internalEntryPoint)
      if (inForce === null || inForce.generation === null) return { healthy: false, status: 404, stamp: null, detail: '404 Not Found' }
      const [instance] = engine.of(group.services[color])
      if (instance?.image.kind === 'broken through Traefik') return badGateway(inForce.generation)
      return this.#behind(instance, inForce.generation)
    })
  }

  routed(group: Group, signal: AbortSignal): Promise<ProbeAnswer> {
    return this.#ask('routed', signal, () => {
      const { traefik, engine } = this.#stack
      if (traefik.down) return refused
      const inForce = traefik.at(group.entryPoint)
      if (inForce === null || inForce.active === null) return { healthy: false, status: 404, stamp: null, detail: '404 Not Found' }
      const [instance] = engine.of(group.services[inForce.active])
      const kind = instance?.image.kind
      if (kind === 'broken through Traefik' || kind === 'broken when routed') return badGateway(inForce.generation)
      return this.#behind(instance, inForce.generation)
    })
  }

  #behind(instance: Instance | undefined, stamp: string | null): ProbeAnswer {
    return instance?.state === 'running' ? this.#answerOf(instance, stamp) : badGateway(stamp)
  }

  #answerOf(instance: Instance | undefined, stamp: string | null): ProbeAnswer {
    if (instance?.state !== 'running') return refused
    if (!this.#stack.engine.isHealthy(instance)) return { healthy: false, status: 503, stamp, detail: '503 Service Unavailable' }
    this.#stack.proven.add(instance.id)
    return { healthy: true, status: 200, stamp, detail: '200 OK' }
  }

  #ask<T>(question: string, signal: AbortSignal, answer: () => T): Promise<T> {
    return this.#stack.effects.ask(this.#life, { name: `probe.${question}` }, signal, () => this.#stack.time.pause(probeCall).then(answer))
  }
}

const refused: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'connection refused' }

function badGateway(stamp: string | null): ProbeAnswer {
  return { healthy: false, status: 502, stamp, detail: '502 Bad Gateway' }
}
