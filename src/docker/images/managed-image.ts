import { UpdaterError } from '../../rollout/errors.ts'
import type { ComposeModel, ComposeService } from '../compose/model.ts'
import { parseReference, releaseTag } from '../references.ts'

/** The two names of a managed service's image in a release. */
export interface ManagedImage {
  readonly service: string
  readonly repository: string
  /** `zetherion-ai-skills:0123456789ab` */
  readonly releaseReference: string
  /** What the compose file pins: `blue` */
  readonly movingTag: string
}

/** @throws release_refused when the release's compose files do not say it; preflight has told all of it at once */
export function managedImage(model: ComposeModel, commit: string, name: string): ManagedImage {
  const reference = parseReference(managedService(model, name).image ?? '')
  if (reference === null) throw new UpdaterError('release_refused', `The service ${name} names no image with a tag in the release's compose files.`)
  return { service: name, repository: reference.repository, releaseReference: `${reference.repository}:${releaseTag(commit)}`, movingTag: reference.tag }
}

/** @throws release_refused */
export function managedService(model: ComposeModel, name: string): ComposeService {
  const service = model.get(name)
  if (service === undefined) throw new UpdaterError('release_refused', `The release's compose files have no service ${name}.`)
  return service
}
