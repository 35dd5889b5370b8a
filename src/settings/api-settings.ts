import type { ConfigFile } from './config-schema.ts'
import { defaultListen, defaultPaths } from './defaults.ts'
import type { EnvironmentReader, Variable } from './environment.ts'
import { logLevels } from './settings.ts'
import type { ApiSettings, Problem } from './settings.ts'

const decisive: readonly Variable[] = ['UPDATER_HOST', 'UPDATER_PORT', 'UPDATER_SECRET_PATH']

/** What the API needs; the environment goes before the file. */
export function readApiSettings(config: ConfigFile, env: EnvironmentReader): ApiSettings {
  return {
    host: env.text('UPDATER_HOST') ?? config.api?.host ?? defaultListen.host,
    port: env.port('UPDATER_PORT') ?? config.api?.port ?? defaultListen.port,
    secret: {
      value: env.hidden('UPDATER_SECRET'),
      path: env.absolutePath('UPDATER_SECRET_PATH', defaultPaths.secretFile),
      group: config.api?.secretGroup ?? null,
    },
    logLevel: env.oneOf('UPDATER_LOG_LEVEL', logLevels) ?? config.log?.level ?? 'info',
  }
}

/** Whether a problem leaves it open where the API should listen, or whom it should let in. */
export function keepsApiDown(problem: Problem): boolean {
  return /^api($|\.)/.test(problem.key) || decisive.some((name) => name === problem.key)
}
