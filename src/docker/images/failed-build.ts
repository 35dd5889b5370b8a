import { sentenceOf } from '../../rollout/errors.ts'
import type { Log } from '../../rollout/ports.ts'
import type { Engine } from '../engine.ts'
import { inspectImage } from './inspect.ts'
import { pause } from '../waiting.ts'
import { untag } from './tags.ts'

const quickest = 50
const slowest = 3_200

/** Id of the image that a step of the classic builder ended with, out of a line such as ` ---> 0523dab09607`. */
export function imageOfStep(line: string): string | null {
  return /^ ---> ([0-9a-f]{12})$/.exec(line)?.[1] ?? null
}

/**
 * Removes the images without a name that a failed build of the classic builder leaves, the last one's parents included;
 * BuildKit leaves only cache. Best effort: they take space, and nothing else. Runs to its end when the build was cancelled.
 */
export async function removeStepImages(engine: Engine, log: Log, lastImage: string): Promise<void> {
  const { signal } = new AbortController()
  try {
    for (let wait = quickest; wait < slowest; wait *= 2) {
      const image = await inspectImage(engine, lastImage, signal)
      // A named one is the base image, or another build's.
      if (image === null || image.tags.length > 0) return
      await untag(engine, image.id, signal)
      // The container of a step that was cancelled keeps its image until the engine has removed it.
      await pause(wait, signal)
    }
  } catch (error) {
    log.warn('what a failed build left could not be removed', { image: lastImage, reason: sentenceOf(error) })
  }
}
