import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createYamlParser } from '../../../src/sandbox/compose/yaml-parser.ts'
import { type ComposeProject, readComposeProject } from '../../../src/sandbox/compose/compose-project.ts'
import { interpolate } from '../../../src/sandbox/compose/interpolation.ts'
import { writeFiles } from './sandbox-world.ts'

describe('variables of a compose file', () => {
  const variables = { SET: 'value', EMPTY: '' }

  it.each([
    ['$SET and ${SET}', 'value and value'],
    ['$$SET costs $5', '$SET costs $5'],
    ['${EMPTY:-default}|${EMPTY-default}|${MISSING-default}', 'default||default'],
    ['${MISSING:-${SET}/${EMPTY:-x}}', 'value/x'],
    ['${SET:+given}|${MISSING+given}', 'given|'],
    ['${SET:?needed}', 'value'],
    ['${MISSING:-http://a:80/{b}}', 'http://a:80/{b}'],
  ])('in "%s" become "%s"', (text, filled) => {
    expect(interpolate({ key: [text] }, variables)).toEqual({ value: { key: [filled] }, unset: { blank: new Set(), required: [] } })
  })

  it('without a value are told, those that are required with their message', () => {
    const { value, unset } = interpolate(['$A${B}', '${EMPTY:?set EMPTY in .env}', '${C?}'], variables)
    expect(value).toEqual(['', '', ''])
    expect(unset).toEqual({ blank: new Set(['A', 'B']), required: ['EMPTY: set EMPTY in .env', 'C is not set'] })
  })

  it('that are malformed are refused', () => {
    expect(() => interpolate('${1A}', {})).toThrow('"${1A}" is no variable')
  })
})

describe('a compose file', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'compose-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })
  const read = async (text: string): Promise<ComposeProject> => {
    await writeFiles(directory, { 'release/docker-compose.yml': text })
    return readComposeProject({ release: join(directory, 'release'), project: join(directory, 'project'), files: ['docker-compose.yml', 'docker-compose.override.yml'], parse: createYamlParser() })
  }

  it('with aliases and both forms of environment is understood', async () => {
    const project = await read(`
x-sandbox: &sandbox
  build: [[node, check.js]]
  command: [node, app.js]
  ports: { "8080": PORT }
  health: { port: 8080, path: /health, startPeriod: 500 }
  environment: { LOG_DIR: "\${PROJECT_DIR}/logs" }
services:
  app:
    image: registry:5000/team/app
    restart: unless-stopped
    environment: [ONE=1, TWO=a=b]
    x-sandbox: *sandbox
`)
    expect(project.service('app')).toEqual({
      name: 'app',
      image: 'registry:5000/team/app',
      tag: 'latest',
      restart: 'unless-stopped',
      environment: { ONE: '1', TWO: 'a=b', LOG_DIR: join(directory, 'project/logs') },
      build: [['node', 'check.js']],
      command: ['node', 'app.js'],
      ports: { 8080: 'PORT' },
      health: { port: 8080, path: '/health', startPeriod: 500 },
    })
  })

  it.each([
    ['is no YAML', 'services: [', 'docker-compose.yml'],
    ['has no services', 'version: "3"', 'docker-compose.yml: services must be a mapping'],
  ])('that %s is refused with its name', async (_what, text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence)
  })

  it.each([
    ['no x-sandbox', 'image: a:b', 'service app has no x-sandbox section'],
    ['no image', 'x-sandbox: { command: [node] }', 'service app: image must be text'],
    ['no command', 'image: a:b\n    x-sandbox: { command: [] }', 'x-sandbox.command is empty'],
    ['a port that is none', 'image: a:b\n    x-sandbox: { command: [a], ports: { http: PORT } }', '"http" is no port'],
    ['an unknown key', 'image: a:b\n    x-sandbox: { commands: [a] }', 'unknown key "commands"'],
    ['an unknown restart policy', 'image: a:b\n    restart: sometimes\n    x-sandbox: { command: [a] }', 'restart is "sometimes"'],
  ])('whose service has %s is refused with service and key', async (_what, section, sentence) => {
    const project = await read(`services:\n  app:\n    ${section}\n`)
    expect(() => project.service('app')).toThrow(sentence)
  })

  it('that is nowhere is told', async () => {
    await expect(readComposeProject({ release: directory, project: directory, files: ['docker-compose.yml'], parse: createYamlParser() })).rejects.toThrow('there is no docker-compose.yml')
  })
})
