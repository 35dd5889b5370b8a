import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../../../src/settings/config-schema.ts'
import { good, problems, read } from './reading.ts'

const example = readFileSync(new URL('../../../config/updater.yml', import.meta.url), 'utf8')

describe('the example config/updater.yml', () => {
  it('shows exactly the defaults', () => {
    expect(JSON.stringify(good({}, example))).toBe(JSON.stringify(good({}, null)))
    expect(good({}, example).git.tagPattern.source).toBe(good({}, null).git.tagPattern.source)
  })

  it('shows every key that there is', () => {
    const shown = new Set([...example.matchAll(/(?:^|[\s#{-])(\w+):(?=\s|$)/gm)].map(([, key]) => key))
    expect([...keysOf(configSchema)].filter((key) => !shown.has(key))).toStrictEqual([])
  })

  it('is good with each of its commented keys too', () => {
    const uncommented = example.replace('kind: docker ', 'kind: sandbox').replaceAll(/^( *)# (?=(?:router|rule|priority|middlewares|tls|directory|hosts|  [\w:-]+):)/gm, '$1')
    expect(uncommented).not.toBe(example)
    const settings = good({}, uncommented)
    expect(settings.runtime).toStrictEqual({ kind: 'sandbox', directory: '/tmp/sandbox', hosts: { 'zetherion-ai-traefik:8080': '127.0.0.1:18080' } })
    expect(settings.topology.groups[0]?.router).toStrictEqual({ rule: 'PathPrefix(`/`)', priority: 10, middlewares: ['compress@file'], tls: { certResolver: 'public' } })
  })
})

describe('the schema of config/updater.yml', () => {
  it('is a valid JSON schema, each of whose leaves says in words what it wants', () => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true })
    ajv.addKeyword({ keyword: 'duration' })
    ajv.addKeyword({ keyword: 'size' })
    expect(() => ajv.compile(configSchema)).not.toThrow()
    expect(leavesWithoutWords(configSchema, '')).toStrictEqual([])
  })
})

describe('a file that is wrong', () => {
  it('is refused with file, line and key of every problem at once', () => {
    const text = ['limits:', '  drain: soon', '  git: 20s', 'gates:', '  inARow: 0', 'topology:', '  groups:', '    - name: web', '      port: 80800', ''].join('\n')
    expect(problems({}, text)).toStrictEqual([
      'config/updater.yml:2: limits.drain must be a duration such as 10s, 14m or 250ms, is "soon"',
      'config/updater.yml:5: gates.inARow must be a whole number from 1 to 1000, is 0',
      'config/updater.yml:8: topology.groups[0].services is missing; it must be a section of keys',
      'config/updater.yml:9: topology.groups[0].port must be a port from 1 to 65535, is 80800',
    ])
  })

  it.each([
    ['limits:\n  drian: 5s', 'config/updater.yml:2: limits.drian is unknown; did you mean drain?'],
    ['limits:\n  before_switch: 5m', 'config/updater.yml:2: limits.before_switch is unknown; did you mean beforeSwitch?'],
    ['topolgy: {}', 'config/updater.yml:1: topolgy is unknown; did you mean topology?'],
    ['runtime: {knd: docker}', 'config/updater.yml:1: runtime.knd is unknown; did you mean kind?'],
    ['log:\n  colour: true', 'config/updater.yml:2: log.colour is unknown; known here: level'],
    ['log:\n  level: loud', 'config/updater.yml:2: log.level must be one of fatal, error, warn, info, debug, trace, silent, is "loud"'],
    ['docker:\n  composeCommand: docker compose', 'config/updater.yml:2: docker.composeCommand must be a command as a list, such as [docker, compose], is "docker compose"'],
    ['docker:\n  builder: kaniko', 'config/updater.yml:2: docker.builder must be one of buildkit, classic, is "kaniko"'],
    ['docker:\n  buildCacheLimit: lots', 'config/updater.yml:2: docker.buildCacheLimit must be a size such as 10GB or 500MB, is "lots"'],
    ['traefik:\n  entryPoints:\n    skills: traefik:8080', 'config/updater.yml:3: traefik.entryPoints.skills must be a base URL such as http://zetherion-ai-traefik:8080, is "traefik:8080"'],
    ['limits: []', 'config/updater.yml:1: limits must be a section of keys, is a list'],
    ['- a\n- b', 'config/updater.yml: must be a section of keys, is a list'],
    ['limits:\n  drain: 100d', 'config/updater.yml:2: limits.drain must be a duration such as 10s, 14m or 250ms, is "100d"'],
    ['limits:\n  probe: 0', 'config/updater.yml:2: limits.probe must be longer than 0'],
    ['gates:\n  quickest: 3s', 'config/updater.yml:2: gates.quickest must not be longer than gates.slowest'],
    ['runtime:\n  kind: sandbox\n  directory: /tmp/x\n  hosts: {traefik: 127.0.0.1}', 'config/updater.yml:4: runtime.hosts.traefik is unknown; this section holds names with a port, such as zetherion-ai-traefik:8080, and their addresses'],
    ['git:\n  tagPattern: "("', 'config/updater.yml:2: git.tagPattern must be a regular expression: Invalid regular expression: /^(?:()$/: Unterminated group'],
    ['git:\n  allowedSigners: 7', 'config/updater.yml:2: git.allowedSigners must be the path of a file such as /etc/releases/allowed-signers, or null, is 7'],
    ['runtime:\n  kind: sandbox', 'config/updater.yml:1: runtime.directory must be an absolute path when runtime.kind is sandbox'],
    ['limits:\n  drain: 1s\n  drain: 2s', 'config/updater.yml:3: this is not YAML: Map keys must be unique'],
    ['limits: {drain: 1s', 'config/updater.yml:1: this is not YAML: Flow map in block collection must be sufficiently indented and end with a }'],
  ])('%j is refused', (text, sentence) => {
    expect(problems({}, text)).toStrictEqual([sentence])
  })

  it('that unfolds without end is refused, not read', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`)].join('\n')
    expect(problems({}, bomb)).toStrictEqual([expect.stringContaining('config/updater.yml: this cannot be read:')])
  })

  it('never shows more than a line of a value', () => {
    const [sentence = ''] = problems({}, `limits:\n  drain: "${'x'.repeat(500)}"`)
    expect(sentence.length).toBeLessThan(200)
  })
})

describe('bad settings', () => {
  it('leave the API where its own section says, if that one is good', () => {
    const reading = read({}, 'api:\n  port: 9191\nlog:\n  level: debug\nlimits:\n  drain: soon\n')
    expect(reading).toMatchObject({ kind: 'refused', api: { host: '0.0.0.0', port: 9191, logLevel: 'debug' } })
  })

  it('leave the API at its default if the file is no YAML', () => {
    expect(read({}, '{')).toMatchObject({ kind: 'refused', api: { host: '0.0.0.0', port: 9090 } })
  })

  it.each([
    [{}, 'api:\n  port: many'],
    [{}, 'api:\n  prot: 9191'],
    [{}, 'api: 9191'],
    [{ UPDATER_PORT: '99999' }, null],
    [{ UPDATER_SECRET_PATH: 'relative/secret' }, null],
  ])('leave no API if it is not known where or for whom it should be up (%j, %j)', (env, text) => {
    expect(read(env, text)).toMatchObject({ kind: 'refused', api: null })
  })
})

describe('an empty file', () => {
  it.each(['', '# nothing yet\n', '---\n', 'null\n'])('%j says nothing: everything has its default', (text) => {
    expect(JSON.stringify(good({}, text))).toBe(JSON.stringify(good({}, null)))
  })
})

/** Every key of every section of the schema. */
function keysOf(schema: unknown): Set<string> {
  const keys = new Set<string>()
  JSON.stringify(schema, (name, value: unknown) => {
    if (name === 'properties' && typeof value === 'object' && value !== null) for (const key of Object.keys(value)) keys.add(key)
    return value
  })
  return keys
}

function leavesWithoutWords(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null || !('type' in schema || 'duration' in schema || 'size' in schema || 'enum' in schema)) return []
  const own = 'description' in schema ? [] : [path]
  const below = 'properties' in schema && typeof schema.properties === 'object' && schema.properties !== null ? Object.entries(schema.properties) : []
  const items = 'items' in schema ? leavesWithoutWords(schema.items, `${path}[]`) : []
  return [...own, ...below.flatMap(([key, value]) => leavesWithoutWords(value, `${path}.${key}`)), ...items]
}
