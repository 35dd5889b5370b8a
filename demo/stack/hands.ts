import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, createSkillsClient } from './client.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { writeKept } from './kept.ts'
import { loadTargetsOf } from './load-targets.ts'
import type { OwnProcess } from './process.ts'
import type { Stack } from './stack.ts'
import type { UpdaterProcess } from './updater-process.ts'

/** What a stack was brought up with. */
export interface BroughtUp extends Pick<Stack, 'kind' | 'project' | 'entryPoints' | 'close'> {
  /** What is written beside the project lies here. */
  readonly root: string
  readonly updater: UpdaterProcess
  readonly gateway: GatewayProcess
  /** Of this host, besides updater and gateway, by name. */
  readonly processes?: Readonly<Record<string, OwnProcess>>
  readonly detached: boolean
}

/** A stack that was brought up, in the hands of those who use it; it is of no matter to them what it runs on. */
export function handsOn({ kind, root, project, entryPoints, updater, gateway, processes = {}, detached, close }: BroughtUp): Stack {
  return {
    kind,
    project,
    entryPoints,
    secret: project.secret,
    updater: createClient(() => updater.current().url, project.secret),
    skills: createSkillsClient(() => entryPoints.skills),
    loadTargets: loadTargetsOf(entryPoints),
    gateway: () => gateway.report(),
    routes: () => readFile(join(project.state, 'traefik/dynamic/updater-routes.yml'), 'utf8'),
    daemon: () => updater.current(),
    startUpdater: updater.start,
    close,
    ...(detached && {
      async leave() {
        const kept = { updater: updater.current(), ...processes, gateway: gateway.process }
        await writeKept(root, kind, Object.fromEntries(Object.entries(kept).map(([name, { pid }]) => [name, pid])))
        for (const one of Object.values(kept)) one.letGo?.()
      },
    }),
  }
}
