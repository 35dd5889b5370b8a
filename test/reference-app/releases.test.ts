import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { makeReleases, type MadeRelease } from '../../reference-app/scripts/make-releases.js'
import { startGateway } from '../../reference-app/src/gateway.js'
import { eventually, spawnProgram, startProgram, temporaryDirectory } from './program.ts'
import { signedFetch } from './signed-fetch.ts'

const run = promisify(execFile)
let directory = ''
let repository = ''
let releases: MadeRelease[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reference-releases-'))
  repository = join(directory, 'repository')
  const traefikConfig = join(directory, 'traefik')
  await mkdir(traefikConfig)
  await writeFile(join(traefikConfig, 'traefik.yml'), 'ping: {}\n')
  releases = await makeReleases(repository, { traefikConfig })
})

afterAll(() => rm(directory, { recursive: true, force: true }))

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', repository, ...args], { env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null' } })
  return stdout
}

/** Extracts a release the way the updater does. */
async function extract(tag: string): Promise<string> {
  const target = await temporaryDirectory()
  await git('archive', '--format=tar', `--output=${target}/release.tar`, tag)
  await run('tar', ['-xf', join(target, 'release.tar'), '-C', target])
  return target
}

/** Builds programs as the release's `x-sandbox` says. */
async function build(release: string, ...programs: string[]): Promise<string> {
  return run(process.execPath, ['scripts/check.js', ...programs], { cwd: release }).then(
    () => 'built',
    (error: unknown) => String(error),
  )
}

async function composeFile(tag: string) {
  const text = await git('show', `${tag}:docker-compose.yml`)
  return { text, services: parse(text).services }
}

test('each release is a commit of main with an annotated tag, and the tree is left clean at the newest', async () => {
  expect(releases.map(({ tag, kind }) => [tag, kind])).toEqual([
    ['v1.0.0', 'good'], ['v1.1.0', 'good'], ['v1.2.0', 'never-healthy'], ['v1.3.0', 'broken-behind-traefik'],
    ['v1.4.0', 'bot-dies'], ['v1.5.0', 'does-not-build'], ['v1.6.0', 'compose-change'], ['v1.7.0', 'good'],
  ])
  const tags = await git('for-each-ref', '--format=%(objecttype) %(refname:short) %(*objectname)', 'refs/tags')
  expect(tags.trim().split('\n')).toEqual(releases.map(({ tag, commit }) => `tag ${tag} ${commit}`))
  expect((await git('rev-list', '--reverse', 'main')).trim().split('\n')).toEqual(releases.map(({ commit }) => commit))
  expect(await git('status', '--porcelain')).toBe('')
})

test('the same sources give the same commits', async () => {
  const again = await makeReleases(join(await temporaryDirectory(), 'again'), { traefikConfig: join(directory, 'traefik') })
  expect(again).toEqual(releases)
})

test('a directory that holds something is refused', async () => {
  await expect(makeReleases(repository)).rejects.toThrow('is not empty')
})

test('a release holds what building and starting it takes, the Traefik configuration included', async () => {
  const files = (await git('ls-tree', '-r', '--name-only', 'v1.0.0')).trim().split('\n')
  expect(files).toEqual(expect.arrayContaining([
    'Dockerfile', 'Dockerfile.api', 'Dockerfile.skills', 'docker-compose.yml', 'release.json', 'package.json', '.gitattributes',
    'scripts/check.js', 'src/bot.js', 'src/skills.js', 'src/api.js', 'config/traefik/traefik.yml',
  ]))
  expect(files.filter((file) => /^(data|logs|state)\//.test(file))).toEqual([])
})

test('without a Traefik configuration the release has none', async () => {
  const bare = join(await temporaryDirectory(), 'bare')
  await makeReleases(bare, { traefikConfig: join(directory, 'nothing') })
  const { stdout } = await run('git', ['-C', bare, 'ls-tree', '-r', '--name-only', 'v1.0.0'])
  expect(stdout).not.toContain('config/')
})

test('git archive bakes version and commit into every release, and the program tells them', async () => {
  for (const { tag, commit } of releases) {
    const { stdout } = await run('tar', ['-xOf', join(await extract(tag), 'release.tar'), 'release.json'])
    expect(JSON.parse(stdout)).toEqual({ version: tag.slice(1), commit })
  }
  const api = await startProgram('api', {}, await extract('v1.1.0'))
  const answer = await fetch(`${api.url}/health`)
  expect(await answer.json()).toMatchObject({ release: { version: '1.1.0', commit: releases[1]?.commit } })
})

test('only v1.5.0 does not build, and of it only skills', async () => {
  for (const { tag, kind } of releases) {
    const release = await extract(tag)
    const skills = kind === 'does-not-build' ? expect.stringContaining('SyntaxError') : 'built'
    expect([tag, await build(release, 'src/skills.js')]).toEqual([tag, skills])
    expect([tag, await build(release, 'src/api.js', 'src/bot.js')]).toEqual([tag, 'built'])
  }
})

test('skills of v1.2.0 never gets healthy, and v1.3.0 mends it', async () => {
  const sick = await startProgram('skills', {}, await extract('v1.2.0'))
  const answer = await fetch(`${sick.url}/health`)
  expect([answer.status, await answer.json()]).toMatchObject([503, { status: 'unhealthy', release: { version: '1.2.0' } }])
  const mended = await startProgram('skills', {}, await extract('v1.3.0'))
  expect((await fetch(`${mended.url}/health`)).status).toBe(200)
})

test('v1.3.0 is healthy directly and fails whatever came through a proxy; v1.4.0 mends it', async () => {
  const forwarded = { headers: { 'X-Forwarded-For': '10.0.0.1' } }
  for (const program of ['skills', 'api'] as const) {
    const broken = await startProgram(program, {}, await extract('v1.3.0'))
    expect((await fetch(`${broken.url}/health`)).status).toBe(200)
    expect((await fetch(`${broken.url}/health`, forwarded)).status).toBe(500)
    const mended = await startProgram(program, {}, await extract('v1.4.0'))
    expect((await fetch(`${mended.url}/health`, forwarded)).status).toBe(200)
  }
})

test('the bot of v1.4.0 dies when its session opens, that of v1.5.0 lives', async () => {
  const gateway = await startGateway()
  onTestFinished(gateway.close)
  const skills = await startProgram('skills')
  const env = { GATEWAY_URL: gateway.url, SKILLS_SERVICE_URL: skills.url, LOG_DIR: await temporaryDirectory() }
  const dying = spawnProgram('bot', env, await extract('v1.4.0'))
  expect(await dying.exit).toBe(1)
  expect(dying.errors()).toContain('TypeError')
  expect(gateway.report()).toMatchObject({ opened: 1, sessions: [{ release: { version: '1.4.0' } }] })
  const bot = await startProgram('bot', env, await extract('v1.5.0'))
  await eventually(async () => (await fetch(`${bot.url}/health`)).status === 200)
})

test('v1.6.0 changes one variable and one limit of both skills colors and nothing else in the compose file', async () => {
  const before = await composeFile('v1.5.0')
  const after = await composeFile('v1.6.0')
  for (const service of ['zetherion-ai-skills-blue', 'zetherion-ai-skills-green']) {
    expect(before.services[service].environment.SKILLS_ECHO_BYTES).toBe('4096')
    expect(after.services[service].environment.SKILLS_ECHO_BYTES).toBe('8192')
    expect(before.services[service].deploy.resources.limits.memory).toBe('128M')
    expect(after.services[service].deploy.resources.limits.memory).toBe('160M')
  }
  expect((await git('diff', '--numstat', 'v1.5.0', 'v1.6.0', '--', 'docker-compose.yml')).trim()).toBe('2\t2\tdocker-compose.yml')
  expect((await composeFile('v1.7.0')).text).toBe(after.text)
  expect((await composeFile('v1.0.0')).text).toBe(before.text)
})

test('good releases differ in what skills offers', async () => {
  const offered = async (tag: string) => {
    const skills = await startProgram('skills', {}, await extract(tag))
    const list: unknown = await (await signedFetch(`${skills.url}/skills`)).json()
    return list
  }
  expect(await offered('v1.0.0')).toMatchObject({ skills: [{ name: 'tasks' }, { name: 'calendar' }], release: { version: '1.0.0' } })
  expect(await offered('v1.1.0')).toMatchObject({ skills: [{ name: 'tasks' }, { name: 'calendar' }, { name: 'profile' }] })
  expect(await offered('v1.7.0')).toMatchObject({ skills: [{}, { description: 'Finds free time for everyone.' }, {}] })
})
