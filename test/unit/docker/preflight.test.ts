import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { errorOf, limit, makeProject, release } from './project.ts'
import type { Project } from './project.ts'

/** Every reason, told without an engine: nothing of it may depend on one. */
async function reasonsOf(project: Project, services: readonly string[] = ['bot']): Promise<unknown> {
  const error = await errorOf(project.runtime().preflight(release, services, 0, limit()))
  if (!(error instanceof UpdaterError)) throw new Error(`not refused: ${String(error)}`)
  return error.code === 'release_refused' ? error.details['reasons'] : error.code
}

async function projectWith(bot: readonly string[], checkout: Readonly<Record<string, string>> = { Dockerfile: 'FROM scratch' }): Promise<Project> {
  const project = await makeProject()
  await project.write('checkout', { ...checkout, 'docker-compose.yml': `services:\n  bot:\n    image: bot:current\n${bot.map((line) => `    ${line}\n`).join('')}` })
  return project
}

const sound = ["build: { context: '@' }"]

describe('preflight', () => {
  it('finds nothing wrong with a sound release, and then asks the engine for its free space', async () => {
    expect(await reasonsOf(await projectWith(sound))).toBe('engine_unreachable')
  })

  it('tells every reason at once', async () => {
    const project = await projectWith([...sound, "environment: { A: '${UNSET}' }", 'volumes:', '  - @/data:/data', 'pull_policy: always'])
    expect(await reasonsOf(project, ['bot', 'web'])).toEqual([
      'docker-compose.yml:5:23 at v1.2.3: this wants the variable UNSET, which .env does not set',
      'docker-compose.yml:1:1 at v1.2.3: there is no service web',
      'docker-compose.yml:8:5 at v1.2.3: bot has pull_policy always, which would replace the image that was built',
      `docker-compose.yml:7:9 at v1.2.3: bot binds ${project.directory}/data, which does not exist; create it`,
    ])
  })

  it('takes variables from the project’s .env, and none of ours', async () => {
    const project = await projectWith([...sound, "environment: { A: '${SET}', B: '${UPDATER_SECRET}' }"])
    await project.write('directory', { '.env': 'SET=1\n' })
    process.env['UPDATER_SECRET'] = 'never handed on'
    const reasons = await reasonsOf(project)
    delete process.env['UPDATER_SECRET']
    expect(reasons).toEqual(['docker-compose.yml:5:36 at v1.2.3: this wants the variable UPDATER_SECRET, which .env does not set'])
  })

  it('accepts a bind source that is there', async () => {
    const project = await projectWith([...sound, "volumes: [ '@/data:/data' ]"], { Dockerfile: 'x', 'data/.gitkeep': '' })
    await mkdir(join(project.directory, 'data'))
    expect(await reasonsOf(project)).toBe('engine_unreachable')
  })

  it('refuses to bind what the release tracks, a file or a directory with files', async () => {
    const project = await projectWith([...sound, 'volumes:', '  - @/config:/config', '  - { type: bind, source: @/one.json, target: /one.json }'], { Dockerfile: 'x', 'config/a.yml': '', 'one.json': '' })
    await project.write('directory', { 'config/a.yml': '', 'one.json': '' })
    expect(await reasonsOf(project)).toEqual([
      `docker-compose.yml:6:9 at v1.2.3: bot binds ${project.directory}/config, which the release tracks; bind a path that is not in the repository`,
      `docker-compose.yml:7:9 at v1.2.3: bot binds ${project.directory}/one.json, which the release tracks; bind a path that is not in the repository`,
    ])
  })

  it('fault 40: judges thousands of binds in seconds, not in minutes', async () => {
    const project = await projectWith([...sound, 'volumes:', ...Array.from({ length: 3_000 }, (_, bind) => `  - /nowhere:/data/${bind}`)])
    const begun = performance.now()
    const reasons = await reasonsOf(project)
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(reasons).toHaveLength(51)
    expect(reasons).toContain('docker-compose.yml:6:9 at v1.2.3: bot binds /nowhere, which does not exist; create it')
    expect(reasons).toContain('and 2950 more')
  })

  it('fault 40: tells no more reasons, and no longer ones, than anybody reads', async () => {
    const project = await projectWith([...sound, `command: [ '\${LONG:?${'x'.repeat(100_000)}}', ${Array.from({ length: 5_000 }, (_, variable) => `$A${variable}`).join(', ')} ]`])
    const error = await errorOf(project.runtime().preflight(release, ['bot'], 0, limit()))
    if (!(error instanceof UpdaterError)) throw new Error(`not refused: ${String(error)}`)
    expect(error.message.length).toBeLessThan(10_000)
    expect(error.message).toMatch(/A48, which \.env does not set; and 4951 more\.$/)
  })

  it('does not judge bind sources that it cannot see from inside a container', async () => {
    const project = await projectWith([...sound, "volumes: [ '/nowhere/at/all:/data' ]"])
    const seen = project.runtime({ sharedDirectories: [project.directory] })
    await expect(seen.preflight(release, ['bot'], 0, limit())).rejects.toMatchObject({ code: 'engine_unreachable' })
    expect(await reasonsOf(project)).toEqual(['docker-compose.yml:5:16 at v1.2.3: bot binds /nowhere/at/all, which does not exist; create it'])
  })

  it.each([
    ['no build section', "user: '1000'", /no build section/],
    ['a context outside the repository', "build: { context: '@/..' }", /outside the repository/],
    ['a context at another place', 'build: { context: /etc }', /outside the repository/],
    ['a context that is a URL', 'build: { context: "https://example.org/x.git" }', /outside the repository/],
    ['a context that is not there', "build: { context: '@/none' }", /no directory of the release/],
    ['a context that is a link leading out', "build: { context: '@/out' }", /outside the repository: a link leads there/],
    ['a Dockerfile that is not there', "build: { context: '@', dockerfile: None }", /no file of the release/],
    ['a Dockerfile that is a directory', "build: { context: '@', dockerfile: sub }", /no file of the release/],
    ['a Dockerfile that is a link leading out', "build: { context: '@', dockerfile: out/passwd }", /a link leads out of the build context/],
    ['a Dockerfile above the context', "build: { context: '@/sub', dockerfile: ../Dockerfile }", /only a plain path/],
    ['a Dockerfile with an absolute path', "build: { context: '@', dockerfile: /etc/passwd }", /only a plain path/],
    ['a Dockerfile whose name is an option', "build: { context: '@', dockerfile: --file }", /only a plain path/],
    ['a Dockerfile whose name has control characters', 'build: { context: "@", dockerfile: "a\\nb" }', /only a plain path/],
    ['a build with secrets', "build: { context: '@', secrets: [token] }", /does not support/],
  ])('refuses %s', async (_, bot, expected) => {
    const project = await projectWith([bot], { Dockerfile: 'x', 'sub/Dockerfile': 'x' })
    await symlink('/etc', join(project.checkout, 'out'))
    expect(await reasonsOf(project)).toEqual([expect.stringMatching(expected)])
    expect(await reasonsOf(project)).toEqual([expect.stringMatching(/^docker-compose\.yml:[24]:\d+ at v1\.2\.3: bot /)])
  })

  it('refuses compose files that have others included', async () => {
    const project = await projectWith(sound)
    await project.write('checkout', { 'docker-compose.yml': `include: [other.yml]\nservices: { bot: { image: 'bot:current', ${sound.join(', ')} } }` })
    expect(await reasonsOf(project)).toEqual(['docker-compose.yml:1:1 at v1.2.3: this includes other files, which the updater does not follow; list them in COMPOSE_FILE'])
  })

  it('takes tracked compose files from the release and the operator’s own from the project, which are no fault of the release', async () => {
    const project = await projectWith(sound)
    await project.write('directory', { 'docker-compose.yml': 'services: {}', 'docker-compose.override.yml': `services: { bot: { image: 'bot:current', ${sound.join(', ')}, environment: { A: '\${OPERATORS}' } } }` })
    const error = await errorOf(project.runtime().preflight(release, ['bot'], 0, limit()))
    expect(error).toMatchObject({
      code: 'compose_failed',
      details: { reasons: [expect.stringMatching(/^docker-compose\.override\.yml:1:\d+ in the project directory: this wants the variable OPERATORS, which \.env does not set$/)] },
    })
  })

  it('names a compose file that is nowhere, and a checkout that is gone', async () => {
    const project = await makeProject()
    expect(await reasonsOf(project)).toEqual(['docker-compose.yml is neither in the release nor in the project directory'])
    const other = project.runtime().preflight({ ...release, commit: 'b'.repeat(40) }, ['bot'], 0, limit())
    await expect(other).rejects.toMatchObject({ code: 'compose_failed', message: expect.stringContaining('checkout of bbbbbbbbbbbb') })
  })

  it('hands on what Compose says to a file that it refuses', async () => {
    const project = await projectWith(sound)
    await project.write('root', { 'refuse.cjs': "console.error('first line'); console.error('yaml: line 3: mapping values are not allowed'); process.exit(15)" })
    const runtime = project.runtime({ composeCommand: [process.execPath, join(project.root, 'refuse.cjs')] })
    await expect(runtime.preflight(release, ['bot'], 0, limit())).rejects.toMatchObject({ code: 'release_refused', message: expect.stringContaining('mapping values are not allowed') })
  })
})
