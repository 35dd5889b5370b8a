import { createHash } from 'node:crypto'
import { UpdaterError } from '../../rollout/errors.ts'
import type { BuildProgress, BuildReport, Release } from '../../rollout/model.ts'
import type { SandboxService } from '../compose/sandbox-service.ts'
import { findProcesses, sendSignal } from '../process-identity.ts'
import { buildImage, isBuilt } from './image-build.ts'
import type { ImageStore } from './image-store.ts'

/** The images of a release that shall be there. */
export interface BuildRequest {
  readonly release: Release
  readonly services: readonly SandboxService[]
  /** Directory of the release's files. */
  readonly source: string
  /** As `buildNonce` tells it. */
  readonly nonce: string
  readonly onProgress: (progress: BuildProgress) => void
}

/** Builds what is not there, side by side. The first failure ends the other builds; nothing of them stays behind. */
export async function buildImages(store: ImageStore, request: BuildRequest, signal: AbortSignal): Promise<BuildReport> {
  const { release, services } = request
  const built = await Promise.all(services.map((service) => isBuilt(store, service, release)))
  const missing = services.filter((_, index) => built[index] === false)
  // Both colors of a group share one image.
  const distinct = [...new Map(missing.map((service) => [service.image, service])).values()]

  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const results = await Promise.allSettled(distinct.map(async (service) => {
    try {
      return await buildImage(store, { ...request, service }, either)
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }))
  signal.throwIfAborted()
  if (failed.signal.aborted) throw asBuildFailure(failed.signal.reason, release)
  return {
    bytes: results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0),
    built: missing.map(({ name }) => name),
  }
}

/** Marks the builds of one daemon on one sandbox. */
export function buildNonce(directory: string): string {
  return `${buildPrefix(directory)}${process.pid}-${process.hrtime.bigint()}`
}

/** Ends builds that an earlier daemon left running. */
export async function reapBuilds(directory: string, own: string): Promise<void> {
  const prefix = buildPrefix(directory)
  for (const { pid } of await findProcesses((nonce) => nonce.startsWith(prefix) && nonce !== own)) sendSignal(pid, 'SIGKILL')
}

function buildPrefix(directory: string): string {
  return `build-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}-`
}

function asBuildFailure(reason: unknown, release: Release): unknown {
  if (reason instanceof UpdaterError) return reason
  const sentence = reason instanceof Error ? reason.message : String(reason)
  return new UpdaterError('engine_failed', `The sandbox could not build ${release.tag}: ${sentence}`, { cause: reason })
}
