import { sentenceOf } from '../../rollout/errors.ts'
import type { Engine } from '../engine.ts'
import { composeOneOffLabel, composeProjectLabel, composeServiceLabel } from '../labels.ts'
import { inspectContainer } from './list.ts'

/**
 * Compose says of a name that is taken (the engine's 409) by which id: nothing that tells whose container it is.
 * @param words of Compose
 * @returns who has the name, and what to do, as the end of a sentence; null where Compose failed for another reason
 */
export async function nameHolder(engine: Engine, project: string, words: readonly string[], signal: AbortSignal): Promise<string | null> {
  const [, name, id] = words.map((line) => /container name "\/?([^"]+)" is already in use by (?:container )?"?([0-9a-f]{12,64})\b/.exec(line)).find((match) => match !== null) ?? []
  if (name === undefined || id === undefined) return null
  const short = id.slice(0, 12)
  try {
    const info = await inspectContainer(engine, id, signal)
    if (info === null) return `the name ${name} was taken by the container ${short}, which has gone meanwhile; try again.`
    const { Config: { Image, Labels }, State: { Status } } = info
    return `the name ${name} is taken by the container ${short} (${Image}, ${Status}) of ${ownerOf(Labels, project)}; rename that container (docker rename ${short} <another name>) or remove it, and try again.`
  } catch (error) {
    return `the name ${name} is taken by the container ${short}, of which nothing more is known: ${sentenceOf(error)}`
  }
}

function ownerOf(labels: Readonly<Record<string, string>>, project: string): string {
  const owner = labels[composeProjectLabel]
  if (owner === undefined) return 'no compose project'
  const service = `the service ${labels[composeServiceLabel] ?? ''} of ${owner === project ? 'this compose project' : `the compose project ${owner}`}`
  return labels[composeOneOffLabel] === 'True' ? `a one-off run (docker compose run) of ${service}` : service
}
