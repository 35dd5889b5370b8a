import { join } from 'node:path'
import { isScalar, parseAllDocuments, visit } from 'yaml'
import { dockerDefaults } from '../../../src/docker/settings.ts'
import { defaultPaths } from '../../../src/settings/defaults.ts'
import { variables } from '../../../src/settings/environment.ts'
import type { Variable } from '../../../src/settings/environment.ts'
import { readSettings } from '../../../src/settings/read-settings.ts'

/** One variable of .env.example. */
export interface Told {
  readonly name: string
  readonly value: string
  /** Whether it is set there: no default, somebody has to think of it. */
  readonly isSet: boolean
  /** The lines before it that say what it means. */
  readonly meaning: string
}

/** `NAME=value`, `#NAME=default`; lines of comment before a block of them are the meaning of each. */
export function readExample(text: string): Told[] {
  const told: Told[] = []
  let meaning: string[] = []
  let isOpen = false
  for (const line of text.split('\n')) {
    const [, hash, name, value] = /^(#?)([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) {
      told.push({ name, value, isSet: hash === '', meaning: meaning.join(' ') })
      isOpen = false
    } else {
      if (!isOpen) meaning = []
      if (line.startsWith('# ') && !line.startsWith('# ---')) meaning.push(line.slice(2))
      isOpen = true
    }
  }
  return told
}

/** What a variable has when nobody sets it, as it would be written; null: nothing that could be written. */
export function realDefaults(): Readonly<Record<Variable, string | null>> {
  const reading = readSettings({ env: {}, configText: null, configPath: 'config/updater.yml' })
  if (reading.kind !== 'settings') throw new Error('the settings are not good without any variable')
  const { api, paths, git, docker, policy, polling, healthUrls } = reading.settings
  const { schedule } = polling
  return {
    AUTO_UPDATE_ENABLED: String(polling.enabled),
    AUTO_UPDATE_REPO: git.remote,
    AUTO_UPDATE_CHECK_INTERVAL_MINUTES: schedule.kind === 'every' ? String(schedule.milliseconds / 60_000) : schedule.expression,
    AUTO_UPDATE_PAUSE_ON_FAILURE: String(policy.pauseOnFailure),
    UPDATE_REQUIRE_APPROVAL: String(polling.requireApproval),
    GITHUB_TOKEN: git.token?.reveal() ?? null,
    UPDATER_SECRET: api.secret.value?.reveal() ?? null,
    UPDATER_SECRET_PATH: api.secret.path,
    UPDATER_STATE_PATH: paths.stateFile,
    UPDATER_TRAEFIK_DYNAMIC_PATH: paths.routesFile,
    PROJECT_DIR: paths.projectDirectory,
    COMPOSE_FILE: docker.composeFiles?.join(':') ?? null,
    COMPOSE_PATH_SEPARATOR: ':',
    COMPOSE_PROJECT_NAME: docker.project,
    HEALTH_URLS: Object.values(healthUrls).join(',') || null,
    DOCKER_HOST: docker.host ?? dockerDefaults.dockerHost,
    UPDATER_CONFIG: join('<PROJECT_DIR>', defaultPaths.config),
    UPDATER_HOST: api.host,
    UPDATER_PORT: String(api.port),
    UPDATER_LOG_LEVEL: api.logLevel,
  }
}

/** A `${NAME…}` of a compose file. */
export interface Wanted {
  readonly file: string
  readonly name: string
  /** `${NAME:-this}`; null without one. */
  readonly fallback: string | null
  /** `${NAME:?…}` */
  readonly isRequired: boolean
}

export function wantedBy(file: string, text: string): Wanted[] {
  const wanted: Wanted[] = []
  for (const document of parseAllDocuments(text)) {
    visit(document, {
      Scalar(key, node) {
        if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return
        for (const [, name = '', operator = '', word = ''] of node.value.matchAll(/(?<!\$)\$\{([A-Z_][A-Z0-9_]*)(?::?([-?+])([^}]*))?\}/g)) {
          wanted.push({ file, name, fallback: operator === '-' ? word : null, isRequired: operator === '?' })
        }
      },
    })
  }
  return wanted
}

/** What of .env.example does not agree with the settings and the compose files. */
export function wrongInExample(told: readonly Told[], wanted: readonly Wanted[], updater: Readonly<Record<string, unknown>>): string[] {
  const real: Readonly<Record<string, string | null>> = realDefaults()
  const known = new Set<string>([...variables, ...wanted.map(({ name }) => name)])
  const names = told.map(({ name }) => name)
  return [
    ...[...known].filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} stands there twice`),
    ...names.filter((name) => !known.has(name)).map((name) => `${name} is used by nobody`),
    ...told.filter(({ meaning }) => meaning === '').map(({ name }) => `${name} has no word of what it means`),
    ...told.flatMap(({ name, value, isSet, meaning }) => {
      const uses = wanted.filter((use) => use.name === name)
      const isRequired = uses.some((use) => use.isRequired)
      const fixed = fixedValue(updater[name])
      const defaults = new Set([...uses.flatMap(({ fallback }) => fallback ?? []), ...(fixed === null ? [] : [fixed]), ...(real[name] === null || real[name] === undefined || isRequired || fixed !== null ? [] : [real[name]])].filter((text) => text !== ''))
      if (isRequired) return isSet && value === '' && /\bRequired\b/.test(meaning) ? [] : [`${name} is required, so it must stand there without a value, and be said to be`]
      if (isSet && value !== '') return [`${name} is set to ${value}; a default is shown as a comment`]
      if (defaults.size > 1) return [`${name} has more than one default: ${[...defaults].join(', ')}`]
      const [only = ''] = defaults
      // What depends on another variable cannot be written: its meaning says it.
      const shown = only.startsWith('<') ? '' : only
      return value === shown || isOwnOfCompose(name, value) ? [] : [`${name} is shown as ${value || 'nothing'}, but its default is ${shown || 'nothing'}`]
    }),
  ]
}

/** Compose's own variables, whose defaults are in its manual: the file is its first default. */
function isOwnOfCompose(name: string, value: string): boolean {
  return name === 'COMPOSE_FILE' && value === 'docker-compose.yml'
}

/** A value that docker-compose.yml itself gives its updater; null when it comes from .env. */
function fixedValue(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && !value.includes('${') ? value : null
}

/** Settings that the updater of docker-compose.yml would never see. */
export function unheardOf(updater: Readonly<Record<string, unknown>>, elsewhere: readonly string[]): string[] {
  const handedOn = (name: string): boolean => {
    const value = updater[name]
    return fixedValue(value) !== null || (typeof value === 'string' && value.startsWith(`\${${name}:`))
  }
  return [
    ...variables.filter((name) => !handedOn(name) && !elsewhere.includes(name)).map((name) => `${name} in .env does not reach the updater`),
    ...Object.keys(updater).filter((name) => !variables.some((known) => known === name)).map((name) => `${name} is given to the updater, which does not read it`),
  ]
}

/** What of README's table of settings does not agree with the settings. */
export function wrongInReadme(readme: string): string[] {
  const real: Readonly<Record<string, string | null>> = realDefaults()
  const rows = readme.split('\n').flatMap((line) => {
    const [, names = '', fallback = ''] = /^\| (`[A-Z][A-Z_]+`(?:, `[A-Z][A-Z_]+`)*) \| (.*?) ?\|/.exec(line) ?? []
    return names === '' ? [] : [{ names: quoted(names), defaults: quoted(fallback) }]
  })
  const told = rows.flatMap(({ names }) => names)
  return [
    ...variables.filter((name) => !told.includes(name)).map((name) => `${name} is missing`),
    ...told.filter((name) => !variables.some((known) => known === name)).map((name) => `${name} is no setting`),
    ...rows.flatMap(({ names, defaults }) => {
      const wanted = names.map((name) => real[name] ?? null).filter((text) => text !== null)
      return [
        ...defaults.filter((text) => !wanted.includes(text)).map((text) => `${names.join(', ')}: the default is not ${text}`),
        // Words may stand for what is plain or long.
        ...(defaults.length > 0 ? names.filter((name) => !sayable.has(name) && !defaults.includes(real[name] ?? '') && real[name] !== null) : names.filter((name) => !sayable.has(name) && real[name] !== null))
          .map((name) => `${name}: its default ${real[name] ?? ''} is not told`),
      ]
    }),
  ]
}

/** Their defaults are said in words: the local socket; as Compose has them. */
const sayable: ReadonlySet<string> = new Set(['DOCKER_HOST', 'COMPOSE_PATH_SEPARATOR'])

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner)
}
