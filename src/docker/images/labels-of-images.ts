import type { Engine } from '../engine.ts'
import { inspectImage } from './inspect.ts'

/** Labels of images by id, remembered: an id never changes what it names. */
export interface ImageLabels {
  /** Null when the image is gone. */
  of(imageId: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | null>
}

const remembered = 256

export function createImageLabels(engine: Engine): ImageLabels {
  const known = new Map<string, Readonly<Record<string, string>>>()
  return {
    async of(imageId, signal) {
      const seen = known.get(imageId)
      if (seen !== undefined) return seen
      const labels = (await inspectImage(engine, imageId, signal))?.labels
      if (labels === undefined) return null
      const oldest = known.keys().next().value
      if (known.size >= remembered && oldest !== undefined) known.delete(oldest)
      known.set(imageId, labels)
      return labels
    },
  }
}
