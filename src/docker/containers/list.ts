import type { ContainerInspectInfo } from 'dockerode'
import type { Container } from '../../rollout/model.ts'
import type { Engine } from '../engine.ts'
import { unless } from '../engine-errors.ts'
import type { ImageLabels } from '../images/labels-of-images.ts'
import { composeOneOffLabel, composeProjectLabel, composeServiceLabel, revisionLabel } from '../labels.ts'
import { awaitedBy } from './awaits.ts'
import { readContainer } from './read-container.ts'

export interface ProjectOfContainers {
  readonly project: string
  readonly networkName: string | null
}

/** Every container of these services in every state, found by Compose's labels, so that a renamed one counts too. */
export async function listContainers(
  engine: Engine, images: ImageLabels, project: ProjectOfContainers, services: readonly string[], signal: AbortSignal,
): Promise<Container[]> {
  const listed = await engine.call('list the containers', signal, (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: { label: [`${composeProjectLabel}=${project.project}`] }, abortSignal }),
  )
  const wanted = listed.filter(({ Labels }) => services.includes(Labels[composeServiceLabel] ?? '') && Labels[composeOneOffLabel] !== 'True')
  const found = await Promise.all(wanted.map(async (entry) => ({ info: await inspectContainer(engine, entry.Id, signal), awaits: awaitedBy(entry, listed) })))
  return await Promise.all(
    found.flatMap(({ info, awaits }) => (info === null ? [] : [{ info, awaits }])).map(async ({ info, awaits }) => {
      const labels = (await images.of(info.Image, signal)) ?? info.Config.Labels
      const container = readContainer(info, labels[revisionLabel] ?? null, project.networkName)
      return awaits.length === 0 ? container : { ...container, awaits }
    }),
  )
}

/** Null when it is gone. */
export async function inspectContainer(engine: Engine, id: string, signal: AbortSignal): Promise<ContainerInspectInfo | null> {
  const call = engine.call(`look at the container ${id.slice(0, 12)}`, signal, (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }))
  return (await unless([404], call)) ?? null
}
