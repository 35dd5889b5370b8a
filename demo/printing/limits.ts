import { parse } from 'yaml'
import { defaultLimits } from '../../src/rollout/limits.ts'
import { tableOf } from './table.ts'

/** The limits that differ from the defaults, read from the very settings that the updater runs with. */
export function shortenedLimits(config: string): string[] {
  const settings: unknown = parse(config)
  const limits = typeof settings === 'object' && settings !== null && 'limits' in settings ? settings.limits : {}
  const defaults = new Map<string, number>(Object.entries(defaultLimits))
  return tableOf([
    ['limit', 'here', 'default'],
    ...Object.entries(limits ?? {}).map(([name, here]) => [name, String(here), `${(defaults.get(name) ?? 0) / 1000}s`]),
  ])
}
