import { servicesIn } from '../../compose-file/reasons.ts'
import { placeOf } from '../../compose-file/source.ts'
import type { ComposeSource, Path } from '../../compose-file/source.ts'

/** Compose's own words as a reason, with the place of what they name. */
export function composeReason(words: string, sources: readonly ComposeSource[]): string {
  const named = sources.filter(({ name }) => words.includes(name))
  const path = pathIn(words, new Set(sources.flatMap(servicesIn).map(([service]) => service)))
  const told = words.replace(/^(?:validating|failed to parse) \S+: /, '')
  const place = path === null ? sources.map((source) => source.place()).join(' and ') : placeOf(named.length === 1 ? named : sources, path)
  return `${place}: Compose refuses this: ${told.replace(/[.;]+$/, '')}`
}

/** What Compose speaks of: `services.bot.ports.0`, `'services[bot].mem_limit'`, `service "bot" refers to undefined network …`. */
function pathIn(words: string, services: ReadonlySet<string>): Path | null {
  const [, unknown] = /additional propert\w+ '([^']+)'/i.exec(words) ?? []
  const [dotted] = /\b(?:services|networks|volumes|secrets|configs)(?:\.[\w-]+|\[[\w.-]+\])*/.exec(words) ?? []
  const [, service = ''] = /\bservice "?([\w.-]+)/.exec(words) ?? []
  const end = unknown === undefined ? [] : [unknown]
  if (services.has(service)) return ['services', service, ...sectionIn(words), ...end]
  if (dotted !== undefined && (dotted.includes('.') || dotted.includes('[') || words.includes(`${dotted} must be`))) return [...dotted.split(/[.[\]]+/).filter((part) => part !== ''), ...end]
  return unknown === undefined ? null : [unknown]
}

function sectionIn(words: string): string[] {
  if (words.includes(' depends on ')) return ['depends_on']
  const [, kind] = /undefined (network|volume|secret|config)\b/.exec(words) ?? []
  return kind === undefined ? [] : [`${kind}s`]
}
