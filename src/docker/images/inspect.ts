import type { Engine } from '../engine.ts'
import { unless } from '../engine-errors.ts'

/** What the engine knows of an image. */
export interface ImageFacts {
  readonly id: string
  /** Bytes, shared layers included. */
  readonly size: number
  readonly labels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
}

/** Null when there is no such image. */
export async function inspectImage(engine: Engine, name: string, signal: AbortSignal): Promise<ImageFacts | null> {
  const found = await unless([404], engine.call(`look at the image ${name}`, signal, (docker) => docker.getImage(name).inspect()))
  if (found === undefined) return null
  // An image without a label or a tag may carry null, whatever the types say.
  const labels: Readonly<Record<string, string>> | null | undefined = found.Config?.Labels
  const tags: readonly string[] | null | undefined = found.RepoTags
  return { id: found.Id, size: found.Size, labels: labels ?? {}, tags: tags ?? [] }
}
