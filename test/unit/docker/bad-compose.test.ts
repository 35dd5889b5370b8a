import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { onCompose } from './on-compose.ts'
import { errorOf, limit, makeProject, release } from './project.ts'
import type { Project } from './project.ts'

/** A sound release: one service that is managed and one that is not. Line 4 names the image, line 5 the build. */
const sound = `services:
  bot:
    # The bot.
    image: bot:current
    build: .
    volumes:
      - ./data:/data
  postgres:
    image: postgres:16
`

const at = (place: string, rest: string): string => `docker-compose.yml${place} at v1.2.3: ${rest}`
/** Replaces what stands exactly once. */
const but = (find: string, replace: string): string => {
  if (sound.split(find).length !== 2) throw new Error(`the sound file must hold once: ${find}`)
  return sound.replace(find, () => replace)
}

const cases: readonly (readonly [what: string, text: string, reason: string])[] = [
  // a managed service that is not there
  ['lacks a managed service', but('  bot:', '  robot:'), at(':1:1', 'there is no service bot')],
  // outside of the repository
  ['builds from the directory above', but('build: .', 'build: ..'), at(':5:5', 'bot builds from <root>, which is outside the repository')],
  ['builds from an absolute path', but('build: .', 'build: { context: /etc }'), at(':5:14', 'bot builds from /etc, which is outside the repository')],
  ['builds from a URL, whose password it does not repeat', but('build: .', 'build: https://me:Secret0@example.org/x.git#main'), at(':5:5', 'bot builds from https://***@example.org/x.git#main, which is outside the repository')],
  ['builds from a URL of git', but('build: .', 'build: git@example.org:team/x.git'), at(':5:5', 'bot builds from git@example.org:team/x.git, which is outside the repository')],
  ['builds through a link that leads out', but('build: .', 'build:\n      context: ./out'), at(':6:7', 'bot builds from <project>/out, which is outside the repository: a link leads there')],
  ['takes a Dockerfile from above', but('build: .', 'build:\n      context: .\n      dockerfile: ../Dockerfile'), at(':7:7', 'bot names the Dockerfile "../Dockerfile"; only a plain path inside the build context is taken')],
  ['takes a Dockerfile through a link', but('build: .', 'build: { context: ., dockerfile: out/passwd }'), at(':5:26', 'bot names the Dockerfile "out/passwd", which a link leads out of the build context')],
  ['has further build contexts', but('build: .', 'build:\n      context: .\n      additional_contexts:\n        etc: /etc'), at(':7:7', 'bot builds with additional_contexts, which the updater does not support')],
  // bind sources
  ['binds what is not there, in short', but('./data:', './missing:'), at(':7:9', 'bot binds <project>/missing, which does not exist; create it')],
  ['binds what is not there, at length', but('- ./data:/data', '- type: bind\n        source: ./missing\n        target: /data'), at(':7:9', 'bot binds <project>/missing, which does not exist; create it')],
  ['binds what a variable says is not there', but('./data:/data', '${NOWHERE:-./missing}/${A:-a}:/data/:ro'), at(':7:9', 'bot binds <project>/missing/a, which does not exist; create it')],
  ['has a secret whose file is not there', `${but('image: bot:current', 'image: bot:current\n    secrets: [token]')}secrets:\n  token:\n    file: ./token\n`, at(':13:5', 'bot binds <project>/token, which does not exist; create it')],
  // what does not parse
  ['is no YAML', but('    build: .', '   build: .'), at(':5:1', 'this is not YAML: All mapping items must start at the same column')],
  ['has tabs', but('    build: .', '\tbuild: .'), at(':5:1', 'this is not YAML: Tabs are not allowed as indentation')],
  ['is cut off', 'services: [bot', at(':1:15', 'this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]')],
  ['says a key twice', but('build: .', 'image: bot:next'), at(':5:5', 'image stands here a second time')],
  ['uses an alias of nothing', but('build: .', 'build: *source'), at(':5:12', 'the alias *source stands for nothing')],
  ['is empty', '# nothing\n', at('', 'this is empty')],
  ['is no mapping', '- services\n', at(':1:1', 'a compose file must be a mapping with the section services')],
  ['has a list of services', 'services: [bot]\n', at(':1:1', 'services must be a mapping of names')],
  ['has a service that is a number', but('image: postgres:16', '1').replace('postgres:\n    1', 'postgres: 1'), at(':8:3', 'services.postgres must be a mapping')],
  ['has a version that nobody knows', `version: "99"\n${sound}`, at(':1:1', 'version must be a text such as "3.9", is 99')],
  ['has a version that is a number', `version: 3.9\n${sound}`, at(':1:1', 'version must be a text such as "3.9", is 3.9')],
  ['wants a variable', but('postgres:16', 'postgres:${PG_VERSION}'), at(':9:12', 'this wants the variable PG_VERSION, which .env does not set')],
  ['asks for a variable', but('postgres:16', 'postgres:${PG_VERSION:?choose one}'), at(':9:12', 'this wants the variable PG_VERSION, which .env does not set (choose one)')],
  // what only Compose knows
  ['has a wrong type', but('image: postgres:16', 'image: [postgres]'), at(':9:5', 'Compose refuses this: services.postgres.image must be a string')],
  ['has a key that nobody knows', but('image: postgres:16', 'image: postgres:16\n    imagine: that'), at(':10:5', "Compose refuses this: services.postgres additional properties 'imagine' not allowed")],
  ['depends on nobody', but('image: postgres:16', 'image: postgres:16\n    depends_on:\n      - nobody'), at(':10:5', 'Compose refuses this: service "postgres" depends on undefined service "nobody": invalid compose project')],
  ['has a variable with an impossible name', but('postgres:16', '"postgres:${1PG}"'), at(':9:5', 'Compose refuses this: invalid interpolation format for services.postgres.image. You may need to escape any $ with another $. postgres:${1PG}')],
  ['has a volume that nobody made', but('./data:', 'data:'), at(':6:5', 'Compose refuses this: service "bot" refers to undefined volume data: invalid compose project')],
  ['has neither image nor build', but('    image: bot:current\n    build: .\n', ''), at(':2:3', 'Compose refuses this: service "bot" has neither an image nor a build context specified: invalid compose project')],
  // images of managed services
  ['builds a managed service without a name', but('    image: bot:current\n', ''), at(':2:3', 'bot has no image name; give it one with a tag of its own, such as bot:current')],
  ['has nothing to build a managed service from', but('    build: .\n', ''), at(':2:3', 'bot has no build section, so no image of the release can be made')],
  ['pins a digest', but('bot:current', `bot@sha256:${'0'.repeat(64)}`), at(':4:5', `bot pins the image bot@sha256:${'0'.repeat(64)}; a managed service needs a name with a tag that can be moved`)],
  ['pins a tag of ours', but('bot:current', 'bot:0123456789ab'), at(':4:5', 'bot pins the tag 0123456789ab, whose form the updater uses for its own tags; name it otherwise')],
  // other files
  ['includes a file', `include:\n  - ../elsewhere/compose.yml\n${sound}`, at(':1:1', 'this includes other files, which the updater does not follow; list them in COMPOSE_FILE')],
  ['extends a service of a file outside', but('build: .', 'build: .\n    extends:\n      file: ../common.yml\n      service: base'), at(':7:7', 'bot extends a service of ../common.yml, which would be read from the working tree, not from the release; put that service into the same file')],
  ['takes variables from a tracked file', but('build: .', 'build: .\n    env_file:\n      - bot.env\n      - operators.env'), at(':7:9', 'bot takes variables from bot.env, which the release tracks and which would be read from the working tree; write them into the compose file, or name a file that is not in the repository')],
]

onCompose('a release whose compose file', (options) => {
  const judge = async (text: string, change?: (project: Project) => Promise<void>): Promise<{ error: unknown; project: Project }> => {
    const project = await makeProject()
    await project.write('checkout', { Dockerfile: 'FROM scratch\n', 'bot.env': 'A=1\n' })
    await writeFile(join(project.checkout, 'docker-compose.yml'), text)
    await project.write('directory', { 'docker-compose.yml': sound, 'bot.env': 'A=0\n', 'operators.env': 'B=1\n' })
    await mkdir(join(project.directory, 'data'))
    await symlink('/etc', join(project.checkout, 'out'))
    await change?.(project)
    return { error: await errorOf(project.runtime(options).preflight(release, ['bot'], 0, limit())), project }
  }
  /** Nothing is wrong with the release: the engine was asked, and there is none. */
  const passed = { code: 'engine_unreachable' }

  it('is sound is taken', async () => {
    expect((await judge(sound)).error).toMatchObject(passed)
  })

  it.each(cases)('%s is refused with file and line', async (_, text, reason) => {
    const { error, project } = await judge(text)
    const told = reason.replace('<project>', project.directory).replace('<root>', project.root)
    expect(error).toMatchObject({ code: 'release_refused', message: `v1.2.3 cannot run here: ${told}.`, details: { reasons: [told] } })
    expect(JSON.stringify(error)).not.toContain(project.checkout)
  })

  it('gives both colors one image name is refused, for the tag of one would move with the other', async () => {
    const colored = (blue: string, green: string): string => `services:\n  blue: { build: ., image: ${blue} }\n  green:\n    build: .\n    image: ${green}\n`
    const judgeColors = async (text: string) => {
      const project = await makeProject()
      await project.write('checkout', { Dockerfile: 'FROM scratch\n', 'docker-compose.yml': text })
      return await errorOf(project.runtime({ ...options, colors: [['blue', 'green']] }).preflight(release, ['blue', 'green'], 0, limit()))
    }
    expect(await judgeColors(colored('web', 'web:latest'))).toMatchObject({
      code: 'release_refused',
      details: { reasons: [at(':5:5', 'green pins web:latest as blue does; each color needs a tag of its own, such as web:blue and web:green')] },
    })
    expect(await judgeColors(colored('web:blue', 'web:green'))).toMatchObject(passed)
    expect(await judgeColors(colored('web-blue', 'web-green'))).toMatchObject(passed)
  })

  it('uses anchors, merges, tags and blocks of text is taken', async () => {
    const { error } = await judge(`
x-base: &base
  restart: unless-stopped
  logging: &logging { driver: local }
services:
  bot:
    <<: *base
    image: bot:current
    build: { context: ., args: [A=1] }
    env_file: operators.env
    environment:
      TEXT: |
        two
        lines costs 5$
  postgres:
    extends: { service: bot }
    image: postgres:16
    build: !reset null
    logging: *logging
`)
    expect(error).toMatchObject(passed)
  })

  it('and an override make something impossible together is refused with the file and line that does it', async () => {
    const override = (text: string) => (project: Project) => project.write('checkout', { 'docker-compose.override.yml': text })
    expect((await judge(sound, override('services:\n  bot:\n    volumes:\n      - ./gone:/gone\n'))).error)
      .toMatchObject({ details: { reasons: [expect.stringMatching(/^docker-compose\.override\.yml:4:9 at v1\.2\.3: bot binds .*\/gone, which does not exist/)] } })
    expect((await judge(sound, override('services:\n  bot:\n    network_mode: host\n    networks: [other]\n'))).error)
      .toMatchObject({ code: 'release_refused', message: expect.stringMatching(/^v1\.2\.3 cannot run here: docker-compose(\.override)?\.yml:\d+:\d+ at v1\.2\.3: Compose refuses this: /) })
    expect((await judge(sound, override('services:\n  bot: { image: "bot:next", build: { target: run } }\n'))).error).toMatchObject(passed)
  })

  it('is there, while the operator’s own override is broken, is not blamed', async () => {
    const { error } = await judge(sound, (project) => project.write('directory', { 'docker-compose.override.yml': 'services:\n  bot: [\n' }))
    expect(error).toMatchObject({ code: 'compose_failed', message: expect.stringContaining('docker-compose.override.yml:3:1 in the project directory: this is not YAML') })
  })

  it('is a directory is refused', async () => {
    const project = await makeProject()
    await mkdir(join(project.checkout, 'docker-compose.yml'))
    const error = await errorOf(project.runtime(options).preflight(release, ['bot'], 0, limit()))
    expect(error).toMatchObject({ code: 'release_refused', message: expect.stringMatching(/docker-compose\.yml at v1\.2\.3: this cannot be read: EISDIR/) })
  })

  it.each([
    ['a value that does not fit', 'PASSWORD=Secret0word\n', 'release_refused', /docker-compose\.yml:11:7 at v1\.2\.3: Compose refuses this: .*"\*\*\*"/],
    ['a line that is none', 'A=1\nPASS WORD+X=Secret0word\n', 'compose_failed', /^Compose cannot read the \.env of the project directory, line 2; `docker compose config`/],
    ['a variable that is asked for', 'PASSWORD=${OTHER:?not Secret0word}\n', 'compose_failed', /^Compose cannot read the \.env of the project directory; /],
  ])('meets an .env with %s gives an error that repeats nothing of it', async (_, env, code, message) => {
    const { error } = await judge(but('image: postgres:16', 'image: postgres:16\n    deploy:\n      replicas: ${PASSWORD:-1}'), (project) => project.write('directory', { '.env': env }))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error instanceof UpdaterError ? error.message + JSON.stringify(error.details) + String(error.cause) : '').not.toContain('Secret0')
  })
})
