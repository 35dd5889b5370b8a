import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { createDockerRuntime } from '../../../src/docker/docker-runtime.ts'
import type { DockerRuntimeOptions } from '../../../src/docker/settings.ts'
import type { Release } from '../../../src/rollout/model.ts'
import type { ContainerRuntime } from '../../../src/rollout/ports.ts'

export const release: Release = { tag: 'v1.2.3', version: '1.2.3', commit: 'a'.repeat(40) }

/** A project directory and the checkout of `release`, without any engine. */
export interface Project {
  readonly root: string
  readonly directory: string
  readonly releases: string
  readonly checkout: string
  /** Path → content; `@` in a content stands for the project directory. */
  write(where: 'directory' | 'checkout' | 'root', files: Readonly<Record<string, string>>): Promise<void>
  /** A runtime whose compose command prints the last compose file that it is given, as if it were merged. */
  runtime(options?: Partial<DockerRuntimeOptions>): ContainerRuntime
}

export async function makeProject(): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'zeth-unit-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const places = { root, directory: join(root, 'project'), releases: join(root, 'releases'), checkout: join(root, 'releases', release.commit) }
  await mkdir(places.directory)
  await mkdir(places.checkout, { recursive: true })
  await writeFile(join(root, 'compose.cjs'), "process.stdout.write(require('node:fs').readFileSync(process.argv[process.argv.lastIndexOf('-f') + 1]))")
  return {
    ...places,
    async write(where, files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(places[where], path)), { recursive: true })
        await writeFile(join(places[where], path), content.replaceAll('@', places.directory))
      }
    },
    runtime: (options = {}) =>
      createDockerRuntime({
        dockerHost: `unix://${join(root, 'no-engine.sock')}`,
        composeCommand: [process.execPath, join(root, 'compose.cjs')],
        environment: { PATH: process.env['PATH'] },
        project: 'stack',
        projectDirectory: places.directory,
        releasesDirectory: places.releases,
        archive: () => Readable.from([]),
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        ...options,
      }),
  }
}

export function limit(): AbortSignal {
  return AbortSignal.timeout(10_000)
}

/** The error that a promise rejects with. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => undefined, (error: unknown) => error)
}
