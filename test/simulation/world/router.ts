import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Routes, RoutesFile } from '../../../src/rollout/model.ts'
import type { TrafficRouter } from '../../../src/rollout/ports.ts'
import type { Life } from './life.ts'
import { readText, textOf } from './routes-text.ts'
import type { Stack } from './stack.ts'

const fileCall = 1

/** The routes file as one daemon holds it. */
export class SimulatedRouter implements TrafficRouter {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  read(): Promise<RoutesFile> {
    return this.#life.call(async () => {
      const { file } = this.#stack.traefik
      if (file === null) return { kind: 'missing' }
      const read = readText(file)
      return read === null ? { kind: 'unreadable', reason: 'it is no routes file' } : { kind: 'routes', ...read, text: file }
    })
  }

  render(routes: Routes): string {
    return textOf(routes)
  }

  stage(routes: Routes): Promise<void> {
    return this.#act('router.stage', routes.generation, () => {
      this.#stack.disk.staged.set(routes.generation, textOf(routes))
    })
  }

  activate(generation: string): Promise<void> {
    return this.#act('router.activate', generation, () => {
      const { disk, traefik } = this.#stack
      const text = disk.staged.get(generation)
      if (text === undefined) {
        if (traefik.file !== null && readText(traefik.file)?.generation === generation) return
        throw new UpdaterError('routes_unwritable', `Version ${generation} of the routes is neither prepared nor in force.`)
      }
      disk.staged.delete(generation)
      traefik.replaced(text)
    })
  }

  sweep(keepGenerations: readonly string[]): Promise<void> {
    return this.#act('router.sweep', undefined, () => {
      for (const generation of this.#stack.disk.staged.keys()) {
        if (!keepGenerations.includes(generation)) this.#stack.disk.staged.delete(generation)
      }
    })
  }

  keepCopy(): Promise<string | null> {
    return this.#act('router.keepCopy', undefined, () => {
      const { disk, traefik } = this.#stack
      if (traefik.file === null) return null
      if (disk.copies.at(-1) !== traefik.file) disk.copies.push(traefik.file)
      return `kept-${disk.copies.length}`
    })
  }

  #act<T>(name: string, generation: string | undefined, run: () => T): Promise<T> {
    return this.#stack.effects.perform(this.#life, { name, ...(generation !== undefined && { generation }) }, null, async () => {
      await this.#stack.time.pause(fileCall)
      return run()
    })
  }
}
