import { readSettings } from '../../../src/settings/read-settings.ts'
import type { Settings, SettingsReading } from '../../../src/settings/settings.ts'

/** Reads settings as the daemon does, from this environment and this file. */
export function read(env: Record<string, string> = {}, configText: string | null = null): SettingsReading {
  return readSettings({ env, configText, configPath: 'config/updater.yml' })
}

/** Settings that must be good. */
export function good(env: Record<string, string> = {}, configText: string | null = null): Settings {
  const reading = read(env, configText)
  if (reading.kind === 'refused') throw new Error(reading.problems.map((problem) => problem.sentence).join('\n'))
  return reading.settings
}

/** The sentences with which settings are refused; empty when they are taken. */
export function problems(env: Record<string, string> = {}, configText: string | null = null): string[] {
  const reading = read(env, configText)
  return reading.kind === 'refused' ? reading.problems.map((problem) => problem.sentence) : []
}
