import { parse } from 'yaml'
import { UpdaterError } from '../../rollout/errors.ts'

/** What we need to know of a release's compose files, merged and interpolated by Compose itself. */
export type ComposeModel = ReadonlyMap<string, ComposeService>

export interface ComposeService {
  readonly name: string
  readonly image: string | null
  readonly build: ComposeBuild | null
  readonly binds: readonly ComposeBind[]
  readonly pullPolicy: string | null
  /** How many containers it asks for. */
  readonly containers: number
}

/** A path of the host that a service sees. */
export interface ComposeBind {
  /** Absolute path on the host. */
  readonly source: string
  /** The section that says it. */
  readonly section: 'volumes' | 'secrets' | 'configs'
  /** Where a volume is mounted; the name of a secret or config. */
  readonly as: string
}

export interface ComposeBuild {
  /** Absolute path, or a URL. */
  readonly context: string
  readonly dockerfile: string
  readonly target: string | null
  readonly args: Readonly<Record<string, string>>
  /** Further keys that change what is built. */
  readonly otherKeys: readonly string[]
}

/**
 * Characters that the whole stack may be once Compose has put in what its aliases stand for: a small file can become gigabytes of
 * them, and nothing else goes on while they are parsed.
 */
const largestModel = 500_000

/**
 * Reads the output of `config`, of either version.
 * @throws compose_failed when it is not what Compose writes; release_refused with `details.words` when it is too large, or a service is not what we can read
 */
export function readComposeModel(text: string): ComposeModel {
  if (text.length > largestModel) throw refused(`with its aliases resolved the stack must be no larger than ${largestModel / 1_000} kB`)
  const file = record(parseYaml(text), 'the file')
  const services = Object.entries(record(file['services'] ?? {}, 'services'))
  return new Map(services.map(([name, value]) => [name, readService(name, record(value, `services.${name}`), file)]))
}

type Mapping = Readonly<Record<string, unknown>>

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new UpdaterError('compose_failed', 'The output of `config` is no YAML; see whether the compose command is right.', { cause: error })
  }
}

function readService(name: string, service: Mapping, file: Mapping): ComposeService {
  const where = `services.${name}`
  const deploy = record(service['deploy'] ?? {}, `${where}.deploy`)
  return {
    name,
    image: textOrNull(service['image'], `${where}.image`),
    build: service['build'] === undefined || service['build'] === null ? null : readBuild(service['build'], `${where}.build`),
    binds: [
      ...list(service['volumes'], `${where}.volumes`).flatMap((volume) => bindOf(volume, `${where}.volumes`)),
      ...fileKinds.flatMap((kind) => list(service[kind], `${where}.${kind}`).flatMap((entry) => fileBehind(entry, kind, file))),
    ],
    pullPolicy: textOrNull(service['pull_policy'], `${where}.pull_policy`),
    containers: number(service['scale'] ?? deploy['replicas'] ?? 1, `${where}.deploy.replicas`),
  }
}

const plainBuildKeys = new Set(['context', 'dockerfile', 'target', 'args', 'cache_from', 'cache_to', 'labels', 'tags', 'pull', 'no_cache'])

function readBuild(value: unknown, where: string): ComposeBuild {
  const build = typeof value === 'string' ? { context: value } : record(value, where)
  return {
    context: text(build['context'], `${where}.context`),
    dockerfile: textOrNull(build['dockerfile'], `${where}.dockerfile`) ?? 'Dockerfile',
    target: textOrNull(build['target'], `${where}.target`),
    args: readArguments(build['args'], `${where}.args`),
    otherKeys: Object.keys(build).filter((key) => !plainBuildKeys.has(key) && !key.startsWith('x-')),
  }
}

/** A mapping in version 2, a mapping or a list of `NAME=value` in version 1; one without a value is left to its default. */
function readArguments(value: unknown, where: string): Record<string, string> {
  const pairs: [string, unknown][] = Array.isArray(value)
    ? value.map((entry: unknown) => split(text(entry, where)))
    : Object.entries(record(value ?? {}, where))
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === null ? [] : [[name, scalar(value, `${where}.${name}`)]])))
}

function split(entry: string): [string, string | null] {
  const equals = entry.indexOf('=')
  return equals < 0 ? [entry, null] : [entry.slice(0, equals), entry.slice(equals + 1)]
}

/** Version 2 writes mappings, version 1 `source:target:mode`. */
function bindOf(volume: unknown, where: string): ComposeBind[] {
  if (typeof volume === 'string') {
    const [source = '', target] = volume.split(':')
    return source.startsWith('/') && target !== undefined ? [{ source: unescape(source), section: 'volumes', as: unescape(target) }] : []
  }
  const mapping = record(volume, where)
  return mapping['type'] === 'bind' ? [{ source: text(mapping['source'], `${where}.source`), section: 'volumes', as: text(mapping['target'], `${where}.target`) }] : []
}

const fileKinds = ['secrets', 'configs'] as const

/** Compose binds the file of a secret or config as well. */
function fileBehind(entry: unknown, section: 'secrets' | 'configs', file: Mapping): ComposeBind[] {
  const name = typeof entry === 'string' ? entry : text(record(entry, section)['source'], `${section}.source`)
  const source = record(record(file[section] ?? {}, section)[name] ?? {}, `${section}.${name}`)['file']
  return source === undefined ? [] : [{ source: text(source, `${section}.${name}.file`), section, as: name }]
}

function record(value: unknown, where: string): Mapping {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.fromEntries(Object.entries(value))
  throw unexpected(where, 'a mapping')
}

function list(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw unexpected(where, 'a list')
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return unescape(value)
  throw unexpected(where, 'a text')
}

function textOrNull(value: unknown, where: string): string | null {
  return value === undefined || value === null ? null : text(value, where)
}

function scalar(value: unknown, where: string): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value, where)
}

function number(value: unknown, where: string): number {
  if (typeof value === 'number') return value
  throw unexpected(where, 'a number')
}

/** `config` writes a dollar sign as two, so that its output can be read again. */
function unescape(value: string): string {
  return value.replaceAll('$$', '$')
}

/** What is no compose file at all is none of Compose's; something inside that it let pass and we cannot read is the release's doing. */
function unexpected(where: string, what: string): UpdaterError {
  if (where === 'the file') return new UpdaterError('compose_failed', 'The output of `config` is not the file that Compose writes; see whether the compose command is right.')
  return refused(`${where} must be ${what}`)
}

function refused(words: string): UpdaterError {
  return new UpdaterError('release_refused', `${words}.`, { details: { words } })
}
