import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Release } from '../../rollout/model.ts'
import type { ComposeModel } from '../compose/model.ts'
import { imageLabel, keyLabel, projectLabel, revisionLabel, tagLabel, versionLabel } from '../labels.ts'
import { managedImage, managedService } from './managed-image.ts'

/** One image to be made; services that share it share the build. */
export interface ImageBuild {
  readonly services: readonly string[]
  /** `<image>:<first 12 of the commit>` */
  readonly reference: string
  /** Directory of the context inside the repository; empty for all of it. */
  readonly contextPath: string
  readonly dockerfile: string
  readonly target: string | null
  readonly args: Readonly<Record<string, string>>
  /** Says whether an image that is there already is the one. */
  readonly key: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * One build per distinct image, Dockerfile, target and arguments.
 * @throws release_refused where two services want different images under one name
 */
export function planBuilds(
  project: { readonly project: string; readonly projectDirectory: string }, model: ComposeModel, release: Release, services: readonly string[],
): ImageBuild[] {
  const builds = new Map<string, ImageBuild>()
  for (const service of services) {
    const planned = planBuild(project, model, release, service)
    const other = builds.get(planned.reference)
    if (other !== undefined && other.key !== planned.key) {
      throw new UpdaterError('release_refused', `${service} and ${other.services.join(', ')} build different images under the name ${planned.reference}; give them different image names.`, { details: { service } })
    }
    builds.set(planned.reference, { ...planned, services: [...(other?.services ?? []), service] })
  }
  return [...builds.values()]
}

function planBuild(project: { readonly project: string; readonly projectDirectory: string }, model: ComposeModel, release: Release, service: string): ImageBuild {
  const { build } = managedService(model, service)
  if (build === null) throw new UpdaterError('release_refused', `The service ${service} has no build section, so no image of the release can be made for it.`)
  const recipe = {
    contextPath: relative(project.projectDirectory, build.context),
    dockerfile: build.dockerfile,
    target: build.target,
    args: Object.fromEntries(Object.entries(build.args).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
  const key = createHash('sha256').update(JSON.stringify([release.commit, recipe])).digest('hex')
  const { repository, releaseReference } = managedImage(model, release.commit, service)
  return {
    services: [service],
    reference: releaseReference,
    ...recipe,
    key,
    labels: {
      [revisionLabel]: release.commit,
      [versionLabel]: release.version,
      [projectLabel]: project.project,
      [imageLabel]: repository,
      [tagLabel]: release.tag,
      [keyLabel]: key,
    },
  }
}
