import { readFile } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { readConfigFile } from './config-file.ts'
import { defaultPaths } from './defaults.ts'
import type { Environment } from './environment.ts'
import { readSettings } from './read-settings.ts'
import type { SettingsSources } from './read-settings.ts'
import { secretWarnings } from './secret-warnings.ts'
import type { SettingsReading } from './settings.ts'
import { signerWarnings } from './signer-warnings.ts'

/** Reads the settings of this process: the environment, and the file that `UPDATER_CONFIG` names. Never rejects. */
export async function loadSettings(env: Environment): Promise<SettingsReading> {
  const project = env['PROJECT_DIR'] || defaultPaths.projectDirectory
  const path = env['UPDATER_CONFIG'] || join(project, defaultPaths.config)
  const configPath = nameOf(project, path)
  try {
    return await readWithFiles({ env, configText: await readFile(path, 'utf8'), configPath })
  } catch (error) {
    if (isMissing(error) && !env['UPDATER_CONFIG']) return await readWithFiles({ env, configText: null, configPath })
    return unreadable(env, configPath, error)
  }
}

/** With what can only be told by a look at the files that are named. */
async function readWithFiles(sources: SettingsSources): Promise<SettingsReading> {
  const reading = readSettings(sources)
  if (reading.kind === 'refused') return reading
  const { settings } = reading
  const { git, api, paths } = settings
  const file = readConfigFile(sources.configText, sources.configPath)
  const ofSigners = git.allowedSigners === null ? [] : await signerWarnings(git.allowedSigners, sources.env)
  const warnings = [...settings.warnings, ...ofSigners.map((rest) => file.problemAt(['git', 'allowedSigners'], rest).sentence)]
  return { kind: 'settings', settings: { ...settings, warnings, secretWarnings: await secretWarnings(api.secret, paths.projectDirectory) } }
}

/** A file that is there but cannot be read is not the same as none: its topology may be another one. */
function unreadable(env: Environment, configPath: string, error: unknown): SettingsReading {
  const reading = readSettings({ env, configText: null, configPath })
  const problem = { where: configPath, key: '', sentence: `${configPath}: this cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  if (reading.kind === 'settings') return { kind: 'refused', problems: [problem], api: reading.settings.api }
  return { ...reading, problems: [problem, ...reading.problems] }
}

function nameOf(project: string, path: string): string {
  const inside = relative(project, path)
  return isAbsolute(inside) || inside.startsWith('..') ? path : inside
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
