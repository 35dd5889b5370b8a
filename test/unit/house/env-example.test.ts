import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { fileReasons } from '../../../src/compose-file/reasons.ts'
import { readComposeSource } from '../../../src/compose-file/source.ts'
import { readExample, realDefaults, unheardOf, wantedBy, wrongInExample, wrongInReadme } from './variables-told.ts'
import type { Wanted } from './variables-told.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))
const read = (name: string): Promise<string> => readFile(`${repository}${name}`, 'utf8')

let example: string
let readme: string
let composeFiles: readonly { readonly name: string; readonly text: string }[]
let wanted: readonly Wanted[]
let updater: Readonly<Record<string, unknown>>

beforeAll(async () => {
  example = await read('.env.example')
  readme = await read('README.md')
  const names = (await readdir(repository)).filter((name) => /^docker-compose.*\.yml$/.test(name))
  composeFiles = await Promise.all(names.map(async (name) => ({ name, text: await read(name) })))
  wanted = composeFiles.flatMap(({ name, text }) => wantedBy(name, text))
  updater = environmentOf(composeFiles.find(({ name }) => name === 'docker-compose.yml')?.text ?? '')
})

describe('.env.example', () => {
  it('tells every variable of the settings and of the compose files, with its real default and what it means, and no other', () => {
    expect(wanted.length).toBeGreaterThan(20)
    expect(wrongInExample(readExample(example), wanted, updater)).toEqual([])
  })

  it.each([
    ['is missing', /^#UPDATER_PORT=.*\n/m, '', 'UPDATER_PORT is missing'],
    ['is missing that only a compose file wants', /^#PUBLISH_ADDRESS=.*\n/m, '', 'PUBLISH_ADDRESS is missing'],
    ['is nobody’s', /^#UPDATER_PORT=/m, '#UPDATER_PROT=1\n#UPDATER_PORT=', 'UPDATER_PROT is used by nobody'],
    ['has another default', /^#UPDATER_LOG_LEVEL=info/m, '#UPDATER_LOG_LEVEL=debug', 'UPDATER_LOG_LEVEL is shown as debug, but its default is info'],
    ['has another default in a compose file', /^#APP_SOURCE=.*/m, '#APP_SOURCE=./app', 'APP_SOURCE is shown as ./app, but its default is ./reference-app'],
    ['is set without need', /^#AUTO_UPDATE_ENABLED=false/m, 'AUTO_UPDATE_ENABLED=true', 'AUTO_UPDATE_ENABLED is set to true; a default is shown as a comment'],
    ['is required and hidden', /^POSTGRES_PASSWORD=/m, '#POSTGRES_PASSWORD=', 'POSTGRES_PASSWORD is required, so it must stand there without a value, and be said to be'],
    ['means nobody knows what', /^# Minutes between.*\n/m, '\n', 'AUTO_UPDATE_CHECK_INTERVAL_MINUTES has no word of what it means'],
  ])('is found out when a variable %s', (_, find, replace, complaint) => {
    const changed = example.replace(find, replace)
    expect(changed).not.toBe(example)
    expect(wrongInExample(readExample(changed), wanted, updater)).toContain(complaint)
  })
})

describe('docker-compose.yml', () => {
  it('hands every setting on to the updater, and nothing else', () => {
    // It is where the engine is, for the socket is mounted; an override with a socket proxy sets it.
    expect(unheardOf(updater, ['DOCKER_HOST'])).toEqual([])
    const { UPDATER_PORT: _, ...without } = updater
    expect(unheardOf({ ...without, UPDATER_PROT: '1' }, ['DOCKER_HOST'])).toEqual(['UPDATER_PORT in .env does not reach the updater', 'UPDATER_PROT is given to the updater, which does not read it'])
  })

  it('and its overrides are what preflight takes', () => {
    const known = new Map(wanted.map(({ name }) => [name, 'x']))
    expect(composeFiles.flatMap(({ name, text }) => fileReasons(readComposeSource(name, 'here', text), known))).toEqual([])
  })
})

describe('README’s table of settings', () => {
  it('tells every setting with its real default, and no other', () => {
    expect(wrongInReadme(readme)).toEqual([])
  })

  it.each([
    ['is missing', /^\| `UPDATE_REQUIRE_APPROVAL`.*\n/m, '', 'UPDATE_REQUIRE_APPROVAL is missing'],
    ['does not exist', '| `UPDATE_REQUIRE_APPROVAL`', '| `UPDATE_APPROVAL` | `x` | y |\n| `UPDATE_REQUIRE_APPROVAL`', 'UPDATE_APPROVAL is no setting'],
    ['has another default', '| `UPDATE_REQUIRE_APPROVAL` | `false`', '| `UPDATE_REQUIRE_APPROVAL` | `true`', 'UPDATE_REQUIRE_APPROVAL: the default is not true'],
    ['has lost its default', '| `UPDATE_REQUIRE_APPROVAL` | `false`', '| `UPDATE_REQUIRE_APPROVAL` | ', 'UPDATE_REQUIRE_APPROVAL: its default false is not told'],
  ])('is found out when a setting %s', (_, find, replace, complaint) => {
    const changed = readme.replace(find, replace)
    expect(changed).not.toBe(readme)
    expect(wrongInReadme(changed)).toContain(complaint)
  })
})

it('the defaults that all are held against are the daemon’s own', () => {
  expect(realDefaults()).toMatchObject({ UPDATER_PORT: '9090', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '15', AUTO_UPDATE_PAUSE_ON_FAILURE: 'true', GITHUB_TOKEN: null })
})

function environmentOf(composeFile: string): Readonly<Record<string, unknown>> {
  const file: unknown = parse(composeFile, { merge: true })
  const environment = ['services', 'zetherion-ai-updater', 'environment'].reduce<unknown>((found, key) => (isRecord(found) ? found[key] : undefined), file)
  if (!isRecord(environment)) throw new Error('docker-compose.yml gives the updater no environment')
  return environment
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
