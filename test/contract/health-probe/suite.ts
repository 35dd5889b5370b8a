import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Container } from '../../../src/rollout/model.ts'
import type { HealthProbe } from '../../../src/rollout/ports.ts'
import type { Color, Group } from '../../../src/rollout/topology.ts'

/** What an endpoint does with a probe. */
export type Behaviour =
  | { readonly kind: 'answers'; readonly status: number; readonly stamp: string | null }
  /** Nothing listens there. */
  | { readonly kind: 'refuses' }
  /** Takes the question and never answers. */
  | { readonly kind: 'hangs' }

/** One group of which blue is the routed color, with every place where its health can be asked. */
export interface HealthProbeWorld {
  readonly probe: HealthProbe
  readonly group: Group
  /** The running container of blue. */
  readonly container: Container
  behave(place: 'direct' | 'routed' | `preview-${Color}`, behaviour: Behaviour): Promise<void>
  dispose(): Promise<void>
}

/** What a probe tells, whatever is behind it. Its limit in this world is at most a second. */
export function healthProbeContract(name: string, open: () => Promise<HealthProbeWorld>): void {
  describe(`HealthProbe: ${name}`, () => {
    let world: HealthProbeWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.dispose())

    const never = new AbortController().signal
    const places = ['direct', 'routed', 'preview-blue', 'preview-green'] as const
    const ask = (place: (typeof places)[number], signal: AbortSignal) => {
      if (place === 'direct') return world.probe.direct(world.container, world.group, signal)
      if (place === 'routed') return world.probe.routed(world.group, signal)
      return world.probe.preview(world.group, place === 'preview-blue' ? 'blue' : 'green', signal)
    }

    describe.each(places)('asked at %s', (place) => {
      test.each([200, 204])('%d is healthy', async (status) => {
        await world.behave(place, { kind: 'answers', status, stamp: null })
        expect(await ask(place, never)).toMatchObject({ healthy: true, status, stamp: null })
      })

      test.each([301, 404, 503])('%d is not healthy and is told', async (status) => {
        await world.behave(place, { kind: 'answers', status, stamp: null })
        expect(await ask(place, never)).toMatchObject({ healthy: false, status, detail: expect.stringContaining(String(status)) })
      })

      test('an endpoint where nothing listens is not healthy', async () => {
        await world.behave(place, { kind: 'refuses' })
        expect(await ask(place, never)).toMatchObject({ healthy: false, stamp: null, detail: expect.stringMatching(/\w/), ...(place === 'direct' && { refused: true }) })
      })

      test('an endpoint that hangs is not healthy once the limit is over', async () => {
        await world.behave(place, { kind: 'hangs' })
        expect(await ask(place, never)).toMatchObject({ healthy: false, status: null, stamp: null })
      })

      test('an abort ends a hanging probe with the caller\'s reason', async () => {
        await world.behave(place, { kind: 'hangs' })
        const reason = new Error('the step was given up')
        const controller = new AbortController()
        const asked = ask(place, controller.signal)
        controller.abort(reason)
        await expect(asked).rejects.toBe(reason)
      })
    })

    test.each(['routed', 'preview-green'] as const)('the stamp of an answer at %s is told, healthy or not', async (place) => {
      for (const status of [200, 502]) {
        await world.behave(place, { kind: 'answers', status, stamp: 'gen-7' })
        expect(await ask(place, never)).toMatchObject({ status, stamp: 'gen-7' })
      }
    })

    test('each color has a preview of its own', async () => {
      await world.behave('preview-blue', { kind: 'answers', status: 200, stamp: null })
      await world.behave('preview-green', { kind: 'answers', status: 503, stamp: null })
      expect(await ask('preview-blue', never)).toMatchObject({ healthy: true })
      expect(await ask('preview-green', never)).toMatchObject({ healthy: false })
    })

    test('a container without an address is not healthy', async () => {
      expect(await world.probe.direct({ ...world.container, address: null }, world.group, never)).toMatchObject({ healthy: false, status: null })
    })
  })
}
