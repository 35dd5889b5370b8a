import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { type ComposeSource, readComposeSource } from '../../compose-file/source.ts'
import { type Mapping, isMapping, readMapping } from '../shape.ts'
import { readTextFile } from '../whole-file.ts'
import { type Unset, interpolate } from './interpolation.ts'
import type { YamlParser } from './yaml-parser.ts'
import { type SandboxService, readSandboxService } from './sandbox-service.ts'

/** Where a release's compose files are looked for. */
export interface ComposePlaces {
  /** Directory of the release; its files come first. */
  readonly release: string
  /** The operator's: files that the release lacks (an override), `.env`, and `PROJECT_DIR`. */
  readonly project: string
  /** Names of the files; the first one must exist, a later one may be missing in both places. */
  readonly files: readonly string[]
  readonly parse: YamlParser
}

/** A release's compose files, merged and filled in. */
export interface ComposeProject {
  readonly unset: Unset
  /** Names of all services. */
  readonly services: readonly string[]
  /** @throws Error naming service and key, when it is missing or malformed */
  service(name: string): SandboxService
  /** The service's section as it stands in the merged file. @throws Error when there is none */
  definition(name: string): Mapping
}

/** The files as they were written, for refusals that say where; those that are nowhere are left out. */
export async function readComposeSources({ release, project, files }: Omit<ComposePlaces, 'parse'>, tag: string): Promise<ComposeSource[]> {
  const found = await Promise.all(files.map(async (file) => {
    const [own, operators] = [await readTextFile(join(release, file)), await readTextFile(join(project, file))]
    if (own !== null) return readComposeSource(file, `at ${tag}`, own)
    return operators === null ? null : readComposeSource(file, 'in the project directory', operators)
  }))
  return found.filter((source) => source !== null)
}

/** @throws Error naming the file */
export async function readComposeProject(places: ComposePlaces): Promise<ComposeProject> {
  const variables = await readVariables(places.project)
  const documents = await Promise.all(places.files.map((file) => readDocument(places, file)))
  const [first, ...overrides] = documents
  if (first === undefined || first === null) throw new Error(`there is no ${places.files[0] ?? 'compose file'}, neither in the release nor in the project directory`)
  const merged = overrides.reduce<Mapping>((base, override) => (override === null ? base : mergeServices(base, override)), first)
  const { value, unset } = interpolate(merged, variables)
  const services = readMapping(value, 'services')
  const definition = (name: string): Mapping => {
    if (services[name] === undefined) throw new Error(`there is no service ${name} in ${places.files.join(', ')}`)
    return readMapping(services[name], `service ${name}`)
  }
  return { unset, services: Object.keys(services), definition, service: (name) => readSandboxService(name, definition(name), variables) }
}

/** The project's `.env`; nothing of our own environment gets into a service. */
export async function readVariables(project: string): Promise<Record<string, string>> {
  const path = join(project, '.env')
  const parsed = parseEnv((await readTextFile(path)) ?? '')
  const entries = Object.entries(parsed).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(entries), PROJECT_DIR: project }
}

async function readDocument(places: ComposePlaces, file: string): Promise<Mapping | null> {
  const text = (await readTextFile(join(places.release, file))) ?? (await readTextFile(join(places.project, file)))
  if (text === null) return null
  try {
    const document = readMapping(places.parse(text), 'the file')
    return readMapping(document['services'], 'services')
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Later files win: mappings inside a service are joined key by key, everything else is replaced. */
function mergeServices(base: Mapping, override: Mapping): Mapping {
  const merged = Object.entries(override).map(([name, service]) => [name, mergeMappings(base[name], service, 2)])
  return { ...base, ...Object.fromEntries(merged) }
}

function mergeMappings(base: unknown, override: unknown, depth: number): unknown {
  if (!isMapping(base) || !isMapping(override)) return override
  const entries = Object.entries(override).map(([key, value]) => [key, depth === 0 ? value : mergeMappings(base[key], value, depth - 1)])
  return { ...base, ...Object.fromEntries(entries) }
}
