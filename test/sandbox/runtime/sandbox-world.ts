import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Release } from '../../../src/rollout/model.ts'
import type { ContainerRuntime } from '../../../src/rollout/ports.ts'
import { findProcesses, sendSignal } from '../../../src/sandbox/process-identity.ts'
import { type SandboxOptions, createSandboxRuntime } from '../../../src/sandbox/runtime.ts'
import { createSystemClock } from '../../../src/storage/system-clock.ts'
import { bundleProgram, sandboxSources } from './programs.ts'

/** A sandbox in a temporary directory. */
export interface SandboxWorld {
  readonly directory: string
  readonly options: SandboxOptions
  readonly runtime: ContainerRuntime
  /** Lays a release out as the git adapter does. */
  addRelease(release: Release, files: Readonly<Record<string, string>>): Promise<void>
  /** Ends whatever the sandbox still runs, and removes everything. */
  close(): Promise<void>
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

export async function makeSandboxWorld(change: Partial<SandboxOptions> = {}): Promise<SandboxWorld> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sandbox-')))
  const options: SandboxOptions = {
    directory: join(directory, 'sandbox'),
    releasesDirectory: join(directory, 'releases'),
    projectDirectory: join(directory, 'project'),
    composeFiles: ['docker-compose.yml', 'docker-compose.override.yml'],
    supervisor: await bundleProgram(join(sandboxSources, 'supervisor.ts'), directory),
    hosts: {},
    log: silent,
    clock: createSystemClock(),
    ...change,
  }
  await mkdir(options.projectDirectory, { recursive: true })
  return {
    directory,
    options,
    runtime: createSandboxRuntime(options),
    addRelease: (release, files) => writeFiles(join(options.releasesDirectory, release.commit), files),
    async close() {
      for (const id of await idsOf(options.directory)) {
        for (const { pid } of await findProcesses((nonce) => nonce === id)) sendSignal(pid, 'SIGKILL')
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Writes files by their path inside the directory. */
export async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
}

async function idsOf(directory: string): Promise<string[]> {
  return readdir(join(directory, 'containers')).catch(() => []) // none was ever started
}
