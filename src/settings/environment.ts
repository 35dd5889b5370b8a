import { nearest } from './did-you-mean.ts'
import { hiddenText } from './hidden-text.ts'
import type { HiddenText } from './hidden-text.ts'
import type { Problem } from './settings.ts'

/** Every variable that the daemon reads (api-contract.md, "Settings that exist in the field today", and its own). */
export const variables = [
  'AUTO_UPDATE_ENABLED', 'AUTO_UPDATE_REPO', 'AUTO_UPDATE_CHECK_INTERVAL_MINUTES', 'AUTO_UPDATE_PAUSE_ON_FAILURE',
  'UPDATE_REQUIRE_APPROVAL', 'GITHUB_TOKEN', 'UPDATER_SECRET', 'UPDATER_SECRET_PATH', 'UPDATER_STATE_PATH',
  'UPDATER_TRAEFIK_DYNAMIC_PATH', 'PROJECT_DIR', 'COMPOSE_FILE', 'COMPOSE_PATH_SEPARATOR', 'COMPOSE_PROJECT_NAME',
  'HEALTH_URLS', 'DOCKER_HOST', 'UPDATER_CONFIG', 'UPDATER_HOST', 'UPDATER_PORT', 'UPDATER_LOG_LEVEL',
] as const

export type Variable = (typeof variables)[number]
export type Environment = Readonly<Record<string, string | undefined>>

/** Reads variables one by one and collects what is wrong with them. An empty variable counts as unset. */
export interface EnvironmentReader {
  text(name: Variable): string | null
  hidden(name: Variable): HiddenText | null
  flag(name: Variable, fallback: boolean): boolean
  absolutePath(name: Variable, fallback: string): string
  oneOf<T extends string>(name: Variable, values: readonly T[]): T | null
  port(name: Variable): number | null
  /** Notes a problem. `sentence` follows the name; it must not repeat the value of a secret. */
  refuse(name: Variable, sentence: string): void
  problems(): Problem[]
  /** Variables of our families that are probably misspelt. */
  warnings(): string[]
}

export function readEnvironment(env: Environment): EnvironmentReader {
  const problems: Problem[] = []
  const refuse = (name: Variable, sentence: string): void => {
    problems.push({ where: 'environment', key: name, sentence: `environment: ${name} ${sentence}` })
  }
  const text = (name: Variable): string | null => {
    const value = env[name]?.trim() ?? ''
    return value === '' ? null : value
  }
  return {
    text,
    refuse,
    hidden(name) {
      const value = text(name)
      return value === null ? null : hiddenText(value)
    },
    flag(name, fallback) {
      const value = text(name)?.toLowerCase()
      if (value === undefined) return fallback
      if (['true', '1', 'yes', 'on'].includes(value)) return true
      if (['false', '0', 'no', 'off'].includes(value)) return false
      refuse(name, `must be true or false, is "${value}"`)
      return fallback
    },
    absolutePath(name, fallback) {
      const value = text(name) ?? fallback
      if (value.startsWith('/')) return value
      refuse(name, `must be an absolute path, is "${value}"`)
      return fallback
    },
    oneOf(name, values) {
      const value = text(name)
      if (value === null) return null
      const known = values.find((candidate) => candidate === value)
      if (known === undefined) refuse(name, `must be one of ${values.join(', ')}, is "${value}"`)
      return known ?? null
    },
    port(name) {
      const value = text(name)
      if (value === null) return null
      const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
      if (port <= 65_535) return port
      refuse(name, `must be a port from 0 to 65535, is "${value}"`)
      return null
    },
    problems: () => problems,
    warnings: () => Object.keys(env).flatMap(misspelt),
  }
}

const families = /^(AUTO_?UPDATE|UPDATER?)_/
const known: readonly string[] = variables

function misspelt(name: string): string[] {
  if (!families.test(name) || known.includes(name)) return []
  const meant = nearest(name, known.filter((candidate) => Math.abs(candidate.length - name.length) <= 2))
  return meant === null ? [] : [`environment: ${name} is not a setting of the updater; did you mean ${meant}?`]
}
