import type { Container, ProbeAnswer } from '../../../src/rollout/model.ts'
import type { HealthProbe } from '../../../src/rollout/ports.ts'
import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { Color, Group } from '../../../src/rollout/topology.ts'
import type { Instance } from './engine.ts'
import type { Life } from './life.ts'
import type { Stack } from './stack.ts'

const probeCall = 3

/** How long a probe waits for an answer by itself. */
const probeLimit = 5_000

/** Health questions of one daemon. A good answer proves the container to it. */
export class SimulatedProbe implements HealthProbe {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  direct(container: Container, _group: Group, signal: AbortSignal): Promise<ProbeAnswer> {
    if (container.address === null) return this.#ask('direct', signal, () => nowhere)
    return this.#ask('direct', signal, () => this.#answerOf(this.#stack.engine.find(container.id), null))
  }

  preview(group: Group, color: Color, signal: AbortSignal): Promise<ProbeAnswer | null> {
    return this.#ask('preview', signal, () => {
      if (!this.#stack.hasPreviews) return null
      const { traefik, engine } = this.#stack
      if (traefik.down || !traefik.listensInternally) return refused
      const inForce = traefik.at(internalEntryPoint)
      if (inForce === null || inForce.generation === null) return { healthy: false, status: 404, stamp: null, detail: '404 Not Found' }
      const instance = engine.oneOf(group.services[color])
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
      const instance = engine.oneOf(group.services[inForce.active])
      const kind = instance?.image.kind
      if (kind === 'broken through Traefik' || kind === 'broken when routed') return badGateway(inForce.generation)
      return this.#behind(instance, inForce.generation)
    })
  }

  #behind(instance: Instance | undefined, generation: string | null): Asked {
    const stamp = this.#stack.losesStamps ? null : generation
    return instance?.state === 'running' && instance.answer !== 'refuses' ? this.#answerOf(instance, stamp) : badGateway(stamp)
  }

  #answerOf(instance: Instance | undefined, stamp: string | null): Asked {
    if (instance?.state !== 'running' || instance.answer === 'refuses') return refused
    if (instance.answer === 'hangs') return 'hangs'
    if (typeof instance.answer === 'number' && !this.#stack.engine.isHealthy(instance)) return { healthy: false, status: instance.answer, stamp, detail: `${instance.answer}` }
    if (!this.#stack.engine.isHealthy(instance)) return { healthy: false, status: 503, stamp, detail: '503 Service Unavailable' }
    this.#stack.proven.add(instance.id)
    const status = instance.answer ?? 200
    return { healthy: true, status, stamp, detail: `${status} OK` }
  }

  #ask<T extends ProbeAnswer | null>(question: string, signal: AbortSignal, answer: () => T | 'hangs'): Promise<T | ProbeAnswer> {
    const { effects, time } = this.#stack
    return effects.ask(this.#life, { name: `probe.${question}` }, signal, async () => {
      await time.pause(probeCall)
      const told = answer()
      if (told !== 'hangs') return told
      await time.pause(probeLimit)
      return late
    })
  }
}

/** What a question comes to: an answer, or none until the probe gives up. */
type Asked = ProbeAnswer | 'hangs'

const refused: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'connection refused', refused: true }
const nowhere: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'the container has no address' }
const late: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: `no answer within ${probeLimit} ms` }

function badGateway(stamp: string | null): ProbeAnswer {
  return { healthy: false, status: 502, stamp, detail: '502 Bad Gateway' }
}
