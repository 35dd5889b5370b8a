import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import Docker from 'dockerode'
import { createDockerRuntime } from '../../../src/docker/docker-runtime.ts'
import type { DockerRuntimeOptions } from '../../../src/docker/settings.ts'
import type { ContainerRuntime, Log } from '../../../src/rollout/ports.ts'
import { askOverHttp, filesOf, imageOf, releaseKinds, releaseOf } from '../../contract/container-runtime/suite.ts'
import type { ContainerRuntimeWorld } from '../../contract/container-runtime/suite.ts'
import type { Engine } from '../../engine/engine.ts'
import { startEngineProxy } from '../faults/engine-proxy.ts'

/** A project on a real engine: the contract's releases laid out, the operator's tree at the good one. */
export interface DockerWorld extends ContainerRuntimeWorld {
  readonly engine: Engine
  readonly project: string
  readonly projectDirectory: string
  readonly releasesDirectory: string
  readonly logged: readonly string[]
  /** A second runtime over the same project, as after a restart or with other settings. */
  readonly another: (options: Partial<DockerRuntimeOptions>) => ContainerRuntime
}

export async function makeDockerWorld(engine: Engine, options: Partial<DockerRuntimeOptions> = {}): Promise<DockerWorld> {
  const root = await mkdtemp(join(tmpdir(), 'zeth-adapter-'))
  const [projectDirectory, releasesDirectory] = [join(root, 'project'), join(root, 'releases')]
  for (const kind of releaseKinds) await writeFiles(join(releasesDirectory, releaseOf(kind).commit), filesOf(kind))
  await writeFiles(projectDirectory, filesOf('good'))
  const docker = new Docker({ socketPath: engine.socketPath })
  const logged: string[] = []
  const project = `contract${root.slice(-6).toLowerCase()}`
  const another = (more: Partial<DockerRuntimeOptions>): ContainerRuntime =>
    createDockerRuntime({
      dockerHost: engine.env.DOCKER_HOST,
      composeCommand: engine.composeCommand,
      environment: engine.env,
      project,
      projectDirectory,
      releasesDirectory,
      archive: (commit, path) => tarOf(join(releasesDirectory, commit, path)),
      log: logInto(logged),
      ...options,
      ...more,
    })
  return {
    runtime: another({}),
    release: releaseOf,
    ask: askOverHttp,
    async whereStuck({ commit }, service) {
      const proxy = await startEngineProxy(engine.socketPath)
      const path = `/images/${imageOf(service)}:${commit.slice(0, 12)}`
      proxy.misbehave(({ method, path: asked }) => (method === 'DELETE' && decodeURIComponent(asked) === path ? { fails: 'error while removing layer: read-only file system' } : null))
      return { runtime: another({ dockerHost: proxy.dockerHost }), mend: () => proxy.close() }
    },
    async nameByHand({ commit }, service, tag) {
      const name = `${imageOf(service)}:${tag}`
      await docker.getImage(`${imageOf(service)}:${commit.slice(0, 12)}`).tag({ repo: imageOf(service), tag })
      return {
        name,
        isThere: async () => (await docker.listImages()).some(({ RepoTags }) => RepoTags?.includes(name) === true),
        remove: async () => void (await docker.getImage(name).remove()),
      }
    },
    async removeAll() {
      const containers = await docker.listContainers({ all: true, filters: { label: [`com.docker.compose.project=${project}`] } })
      await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
    },
    engine,
    project,
    projectDirectory,
    releasesDirectory,
    logged,
    another,
    close: () => rm(root, { recursive: true, force: true }),
  }
}

export async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
}

/** Stands for `git archive`: the same bytes, without a repository. */
function tarOf(directory: string): Readable {
  const tar = spawn('tar', ['-c', '-C', directory, '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  tar.on('close', (code) => {
    if (code !== 0 && code !== null) tar.stdout.destroy(new Error(`tar of ${directory} ended with ${code}`))
  })
  return tar.stdout
}

function logInto(lines: string[]): Log {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
  }
  return { info: write('info'), warn: write('warn'), error: write('error') }
}
