import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Project } from './project.ts'
import type { Shortened } from './stack.ts'

export interface UpdaterConfig {
  readonly limits: Partial<Shortened> & Readonly<Record<string, string>>
  readonly entryPoints: { readonly skills: string; readonly api: string; readonly internal: string }
  readonly runtime?: { readonly kind: 'sandbox'; readonly directory: string; readonly hosts: Readonly<Record<string, string>> }
  readonly docker?: Readonly<Record<string, unknown>>
  readonly policy?: Readonly<Record<string, unknown>>
}

/** Writes a config/updater.yml for a stack of the demo: Zetherion's topology, other addresses and shorter limits. */
export async function writeUpdaterConfig(path: string, config: UpdaterConfig): Promise<void> {
  const { limits, entryPoints, runtime, docker, policy } = config
  await writeFile(path, stringify({
    limits,
    traefik: { entryPoints: { skills: entryPoints.skills, api: entryPoints.api }, preview: entryPoints.internal },
    ...(runtime && { runtime }),
    ...(docker && { docker }),
    ...(policy && { policy }),
    api: { host: '127.0.0.1' },
  }))
}

/** Where the updater of a project finds what it needs. */
export function updaterSettings({ directory, state, remote }: Project, config: string): Record<string, string> {
  return {
    PROJECT_DIR: directory,
    UPDATER_CONFIG: config,
    UPDATER_STATE_PATH: join(state, 'updater-state.json'),
    UPDATER_TRAEFIK_DYNAMIC_PATH: join(state, 'traefik/dynamic/updater-routes.yml'),
    UPDATER_SECRET_PATH: join(state, 'secret/.updater-secret'),
    AUTO_UPDATE_REPO: remote,
  }
}
