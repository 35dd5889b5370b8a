import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ImageBuildOptions } from 'dockerode'
import { UpdaterError, sentenceOf } from '../../rollout/errors.ts'
import type { BuildProgress } from '../../rollout/model.ts'
import type { Engine } from '../engine.ts'
import { statusOf } from '../engine-errors.ts'
import { keyLabel } from '../labels.ts'
import type { DockerSettings } from '../settings.ts'
import { buildEvents } from './build-output.ts'
import { imageOfStep, removeStepImages } from './failed-build.ts'
import { inspectImage } from './inspect.ts'
import type { ImageFacts } from './inspect.ts'
import type { ImageBuild } from './plan.ts'

const linesKept = 50

/**
 * Builds one image from the commit's own files. The image counts only when the engine names its id and then knows it.
 * @throws build_failed with the last lines; an abort ends the build on the engine
 */
export async function buildImage(
  engine: Engine, settings: Pick<DockerSettings, 'archive' | 'builder' | 'build' | 'log'>, commit: string, plan: ImageBuild,
  onProgress: (progress: BuildProgress) => void, signal: AbortSignal,
): Promise<ImageFacts> {
  const service = plan.services[0] ?? plan.reference
  const lastLines: string[] = []
  let lastImage: string | null = null
  const tell = (line: string): void => {
    lastImage = imageOfStep(line) ?? lastImage
    lastLines.push(line)
    if (lastLines.length > linesKept) lastLines.shift()
    onProgress({ service, line })
  }
  const failed = (reason: string, cause?: unknown): UpdaterError =>
    isFullDisk([reason, ...lastLines])
      ? new UpdaterError('disk_full', `The image of ${service} could not be built, because the engine's disk is full (${reason}); make room there.`, { cause, details: { service, logs: [...lastLines] } })
      : new UpdaterError('build_failed', `The image of ${service} could not be built: ${reason}`, { cause, details: { service, logs: [...lastLines] } })

  const follow = async (output: NodeJS.ReadableStream): Promise<string> => {
    let [id, error]: [string | null, string | null] = [null, null]
    for await (const event of buildEvents(output)) {
      event.lines.forEach(tell)
      error ??= event.error
      id = event.imageId ?? id
    }
    if (error !== null) throw failed(error)
    if (id === null) throw failed('the engine ended without naming an image')
    return id
  }

  const imageId = await engine.callWithin({ name: 'limits.beforeSwitch', milliseconds: settings.build }, `build the image of ${service}`, signal, async (docker, abortSignal) => {
    // Not straight to the engine: BuildKit at times finds "the Dockerfile empty" when fed by a child's pipe.
    const context = new PassThrough()
    let broken: unknown
    const feeding = pipeline(await settings.archive(commit, plan.contextPath, abortSignal), context).catch((error: unknown) => {
      broken ??= error
    })
    try {
      const output = await docker.buildImage(context, { ...buildOptions(settings.builder, plan), abortSignal })
      const id = await follow(output)
      await feeding
      if (broken !== undefined) throw broken
      return id
    } catch (error) {
      if (settings.builder === 'classic' && lastImage !== null) await removeStepImages(engine, settings.log, lastImage)
      throw broken ?? (statusOf(error) === 400 ? failed(sentenceOf(error), error) : error)
    } finally {
      context.destroy()
    }
  })
  const made = await inspectImage(engine, plan.reference, signal)
  if (made?.id !== imageId || made.labels[keyLabel] !== plan.key) throw failed('the engine does not know the image that it has built')
  return made
}

/** That is the surroundings' fault, not the release's. */
function isFullDisk(lines: readonly string[]): boolean {
  return lines.some((line) => /no space left on device|ENOSPC/i.test(line))
}

/** Query of `POST /build`. As `_query`, so that dockerode opens no gRPC session for BuildKit: nothing here needs one. */
function buildOptions(builder: DockerSettings['builder'], plan: ImageBuild): ImageBuildOptions {
  const query = {
    t: plan.reference,
    dockerfile: plan.dockerfile,
    labels: plan.labels,
    buildargs: plan.args,
    // Else the classic builder leaves the container of a failed RUN behind.
    rm: true,
    forcerm: true,
    ...(plan.target === null ? {} : { target: plan.target }),
    ...(builder === 'buildkit' ? { version: '2' } : {}),
  }
  const options: ImageBuildOptions & { readonly _query: object } = { _query: query }
  return options
}
