import type { EngineView } from '../diagnosis/installation.ts'
import { UpdaterError } from '../rollout/errors.ts'
import { runChild } from './compose/child.ts'
import { minimalEnvironment } from './compose/compose.ts'
import { freeSpace } from './disk.ts'
import { connectEngine, type Engine } from './engine.ts'
import { projectLabel } from './labels.ts'
import { findMounted } from './own-container.ts'
import { operationOf, parseReference } from './references.ts'
import type { DockerSettings } from './settings.ts'

export type EngineViewOptions = Pick<DockerSettings, 'dockerHost' | 'composeCommand' | 'environment' | 'project' | 'projectDirectory' | 'engineCall'>

/** What the checks ask of the engine and of Compose. Nothing is loaded or connected before the first call. */
export function createEngineView(options: EngineViewOptions): EngineView {
  const engine = connectEngine(options.dockerHost, options.engineCall)
  return {
    describe: (signal) => describe(engine, signal),
    composeVersion: (signal) => composeVersion(options, signal),
    freeSpace: (signal) => freeSpace(engine, signal),
    mounted: (path, signal) => findMounted(engine, path, signal),
    keptImages: (signal) => keptImages(engine, options.project, signal),
  }
}

async function describe(engine: Engine, signal: AbortSignal): Promise<{ version: string; skewMs: number | null }> {
  const begun = Date.now()
  const info: unknown = await engine.call('describe itself', signal, (docker) => docker.info())
  const version = textOf(info, 'ServerVersion') ?? 'of an unknown version'
  const time = Date.parse(textOf(info, 'SystemTime') ?? '')
  // It may have looked at its clock at any moment of the call.
  return { version, skewMs: Number.isNaN(time) ? null : time - (begun + Date.now()) / 2 }
}

async function composeVersion(options: EngineViewOptions, signal: AbortSignal): Promise<string> {
  const argv = [...options.composeCommand, 'version', '--short']
  const limit = { name: 'limits.engineCall', milliseconds: options.engineCall }
  const { code, stdout, stderr } = await runChild({ argv, directory: options.projectDirectory, environment: minimalEnvironment(options), limit }, signal)
  const said = stdout.trim()
  if (code === 0 && said !== '') return said
  throw new UpdaterError('compose_failed', `${argv.join(' ')} ended with code ${String(code)}: ${stderr.trim().split('\n').at(-1) ?? ''}`)
}

/** Of this project, and those that nobody labelled: an adopted image is not ours to label. */
async function keptImages(engine: Engine, project: string, signal: AbortSignal): Promise<{ image: string; operation: string }[]> {
  const images = await engine.call('list the images', signal, (docker, abortSignal) => docker.listImages({ abortSignal }))
  return images.flatMap(({ RepoTags, Labels }) => {
    // Null where an image has none, whatever the types say.
    const tags: readonly string[] | null | undefined = RepoTags
    const labels: Readonly<Record<string, string>> | null | undefined = Labels
    if ((labels?.[projectLabel] ?? project) !== project) return []
    return (tags ?? []).flatMap((image) => {
      const operation = operationOf(parseReference(image)?.tag ?? '')
      return operation === null ? [] : [{ image, operation }]
    })
  })
}

function textOf(value: unknown, name: string): string | null {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : null
  return typeof found === 'string' ? found : null
}
