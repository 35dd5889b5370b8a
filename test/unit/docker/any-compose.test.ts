import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { createModels } from '../../../src/docker/compose/models.ts'
import { connectEngine } from '../../../src/docker/engine.ts'
import { preflight } from '../../../src/docker/preflight/preflight.ts'
import { dockerDefaults } from '../../../src/docker/settings.ts'
import type { DockerSettings } from '../../../src/docker/settings.ts'
import { UpdaterError, sentenceOf } from '../../../src/rollout/errors.ts'
import { onCompose } from './on-compose.ts'
import { errorOf, limit, makeProject, release } from './project.ts'
import type { Project } from './project.ts'

const sound = `x-base: &base { restart: unless-stopped }
services:
  bot:
    <<: *base
    image: bot:current
    build: { context: ., dockerfile: Dockerfile, args: [A=1] }
    environment: { A: "\${SET:-1}" }
    volumes:
      - ./data:/data
      - { type: bind, source: ./data, target: /other }
    secrets: [token]
    deploy: { replicas: 1 }
  postgres:
    image: postgres:16
    env_file: [operators.env]
secrets:
  token: { file: ./data/token }
`

/** Where YAML and Compose have their corners. */
const corners = [
  '{', '}', '[', ']', '*base', '*nobody', '&base ', '<<: *base', '<<: [*base, *base]', '!!binary ', '!reset ', '!override null', '- ', ': ', '\t', '\n', '\n\n  ', '"', "'", '${', '${A', '$$', '${A:?no}',
  '|', '>-\n', '? ', '---\n', '...\n', '%YAML 1.1\n', '@', '\0', '\uFEFF', '\u2028', '~', 'null', '.inf', '0x', '1e999', '2001-01-01', 'include: ..', 'extends: { file: ../x }', 'version: 9', '#', 'services:', '  bot:', '    build:',
]

/** The sound file with parts taken out and other things put in. */
const damaged = fc.array(fc.tuple(fc.nat(sound.length), fc.nat(12), fc.oneof(fc.constantFrom(...corners), fc.string({ maxLength: 6, unit: 'binary' }))), { minLength: 1, maxLength: 5 })
  .map((edits) => edits.reduce((text, [from, length, insert]) => text.slice(0, from) + insert + text.slice(from + length), sound))

const key = fc.constantFrom('image', 'build', 'context', 'dockerfile', 'args', 'volumes', 'type', 'source', 'target', 'secrets', 'configs', 'deploy', 'replicas', 'scale', 'pull_policy', 'extends', 'file', 'env_file', 'path', 'environment', 'x-y')
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, fc.constant(null), fc.boolean(), fc.double(), fc.constantFrom('', '.', '..', '/etc', 'bot:current', 'bind', '${A}', 'a:b:c:d', 'bot\nbot'), fc.string({ maxLength: 5 }), tie('list'), tie('mapping')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  mapping: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
}))
/** Compose's words, in places where nobody expects them. */
const misshapen = fc.oneof(value, fc.record({ services: value }), fc.record({ services: fc.record({ bot: value }), secrets: value })).map((content) => stringify(content))

const anyText = fc.oneof(damaged, misshapen, fc.string({ unit: 'binary', maxLength: 60 }))

/** A reason is one line, and says where. */
const reason = /^docker-compose\.yml(:\d+:\d+)? at v1\.2\.3: \P{Cc}+$/u

function expectRefusalOrPass(error: unknown, checkout: string): void {
  if (!(error instanceof UpdaterError)) throw new Error(`neither refused nor passed: ${sentenceOf(error)}`, { cause: error })
  if (error.code === 'engine_unreachable') return // nothing was wrong with the file
  expect(error.code).toBe('release_refused')
  const { reasons } = error.details
  if (!Array.isArray(reasons) || reasons.length === 0) throw new Error(`refused without a reason: ${error.message}`)
  for (const told of reasons) expect(told).toMatch(reason)
  expect(error.message).not.toContain(checkout)
}

async function projectFor(): Promise<Project> {
  const project = await makeProject()
  await project.write('checkout', { Dockerfile: 'FROM scratch\n' })
  await project.write('directory', { 'operators.env': 'B=1\n', 'data/token': 'x' })
  return project
}

describe('whatever stands in a compose file', () => {
  it('is refused with its place or found sound, also by a Compose that lets everything pass', async () => {
    const project = await projectFor()
    const settings: DockerSettings = {
      ...dockerDefaults, environment: {}, project: 'stack', projectDirectory: project.directory, releasesDirectory: project.releases, dockerHost: `unix://${project.root}/none.sock`,
      archive: () => { throw new Error('nothing is built') }, log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    }
    const engine = connectEngine(settings.dockerHost, 1_000)
    await fc.assert(fc.asyncProperty(anyText, async (text) => {
      await writeFile(join(project.checkout, 'docker-compose.yml'), text)
      const models = createModels(settings, { environment: {}, config: () => Promise.resolve(unfolded(text)), up: () => Promise.reject(new Error('nothing is started')) })
      expectRefusalOrPass(await errorOf(preflight(engine, models, {}, settings, release, ['bot'], 0, limit())), project.checkout)
    }), { numRuns: 600 })
  })

  it.each([
    ['ten thousand brackets', '['.repeat(10_000)],
    ['an alias that unfolds without end', `a: &a [x, x]\n${Array.from({ length: 40 }, (_, index) => `b${index}: &b${index} [*${index === 0 ? 'a' : `b${index - 1}`}, *${index === 0 ? 'a' : `b${index - 1}`}]\n`).join('')}services: { bot: { volumes: *b39 } }\n`],
    ['a mapping that is merged into itself', 'services: &s\n  <<: *s\n  bot: &b { <<: *b, image: x }\n'],
    ['two megabytes', `# ${'x'.repeat(2_000_000)}\n`],
  ])('is refused in a moment if it is %s', async (_, text) => {
    const project = await projectFor()
    await writeFile(join(project.checkout, 'docker-compose.yml'), text)
    const begun = performance.now()
    const refuse = "console.error('services.bot is too much'); process.exit(1)"
    const error = await errorOf(project.runtime({ composeCommand: [process.execPath, '-e', refuse, '--'] }).preflight(release, ['bot'], 0, limit()))
    expect(error).toMatchObject({ code: 'release_refused' })
    expectRefusalOrPass(error, project.checkout)
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})

/** What a Compose would print that checks nothing. */
function unfolded(text: string): string {
  try {
    return stringify(parseAllDocuments(text)[0]?.toJS({ maxAliasCount: 100 }) ?? {}, { aliasDuplicateObjects: false })
  } catch (error) {
    throw new UpdaterError('release_refused', 'Compose refuses it', { details: { words: sentenceOf(error).replace(/\s+/g, ' ') } })
  }
}

onCompose('whatever stands in a compose file, judged by Docker Compose itself,', (options) => {
  it('is refused with its place or found sound', async () => {
    const project = await projectFor()
    const runtime = project.runtime(options)
    await mkdir(join(project.directory, 'x'))
    await fc.assert(fc.asyncProperty(fc.oneof(damaged, misshapen), async (text) => {
      await writeFile(join(project.checkout, 'docker-compose.yml'), text)
      expectRefusalOrPass(await errorOf(runtime.preflight(release, ['bot'], 0, limit())), project.checkout)
    }), { numRuns: 40 })
  })
})
