import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const digest = `sha256:${'ab'.repeat(32)}`

/** A clone as far as the scripts look at it, an engine's socket that nobody serves, and a `docker` that says what the test wants. */
async function clone({ docker = 'exit 0' } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-scripts-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const project = join(directory, 'project')
  for (const path of ['scripts/first-start.sh', 'scripts/pin-images.sh', 'scripts/upgrade-updater.sh', '.env.example', 'docker-compose.yml', 'Dockerfile.updater', 'config/traefik/dynamic']) {
    await cp(join(repository, path), join(project, path), { recursive: true })
  }
  const socket = join(directory, 'docker.sock')
  const engine = createServer().listen(socket)
  await once(engine, 'listening')
  onTestFinished(() => void engine.close())
  await mkdir(join(directory, 'bin'))
  await writeFile(join(directory, 'bin/docker'), `#!/bin/sh\n${docker}\n`)
  await chmod(join(directory, 'bin/docker'), 0o755)
  const owner = process.getuid?.() === 0 ? '4242:4343' : `${process.getuid?.()}:${process.getgid?.()}`
  const run = async (script: string, ...args: readonly string[]): Promise<string> => {
    const options = { cwd: project, env: { PATH: `${join(directory, 'bin')}:${process.env['PATH']}` }, timeout: 30_000 }
    return (await promisify(execFile)('bash', [join('scripts', script), ...args], options)).stdout
  }
  return {
    project, socket,
    read: (path: string) => readFile(join(project, path), 'utf8'),
    write: async (path: string, text: string) => {
      await mkdir(join(project, path, '..'), { recursive: true })
      await writeFile(join(project, path), text)
    },
    run,
    firstStart: () => run('first-start.sh', '--owner', owner),
  }
}

describe('scripts/first-start.sh', () => {
  it('fills .env in with secrets of its own, and keeps it to its owner', async () => {
    const { project, socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\nUPDATER_LOG_LEVEL=debug\n`)
    expect(await firstStart()).toContain('docker compose up -d')
    const env = await read('.env')
    expect(env).toContain(`PROJECT_DIR=${project}\n`)
    expect(env).toContain('UPDATER_LOG_LEVEL=debug\n')
    expect(env).toContain('COMPOSE_FILE=docker-compose.yml:docker-compose.reference-app.yml:docker-compose.no-tunnel.yml\n')
    const [password, secret] = ['POSTGRES_PASSWORD', 'SKILLS_API_SECRET'].map((name) => new RegExp(`^${name}=([0-9a-f]{48})$`, 'm').exec(env)?.[1])
    expect(password).toBeDefined()
    expect(secret).toBeDefined()
    expect(password).not.toBe(secret)
    expect((await stat(join(project, '.env'))).mode & 0o077).toBe(0)
    expect(await read('state/traefik/dynamic/updater-routes.yml')).toBe(await read('config/traefik/dynamic/updater-routes.yml'))
  })

  it('changes nothing when it is run again', async () => {
    const { socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\n`)
    await firstStart()
    const before = await read('.env')
    await write('state/traefik/dynamic/updater-routes.yml', '# what serves now\n')
    await firstStart()
    expect(await read('.env')).toBe(before)
    expect(await read('state/traefik/dynamic/updater-routes.yml')).toBe('# what serves now\n')
  })

  it('carries record, secret and live routes of the predecessor over, once', async () => {
    const { socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\nPOSTGRES_PASSWORD=as-it-was\n`)
    await write('data/updater-state.json', '{"active_color":"green","paused":true}')
    await write('data/.updater-secret', 'known to skills')
    await write('config/traefik/dynamic/updater-routes.yml', 'http: { routers: { skills:\n  service: skills-green } }\n')
    const said = await firstStart()
    expect(said).toContain('green serves')
    expect(said).toContain('docs/migrating.md')
    expect(await read('state/updater-state.json')).toContain('"green"')
    expect(await read('state/secret/.updater-secret')).toBe('known to skills')
    expect(await read('state/traefik/dynamic/updater-routes.yml')).toContain('skills-green')
    expect(await read('.env')).toContain('POSTGRES_PASSWORD=as-it-was\n')

    await write('data/updater-state.json', '{"active_color":"blue"}')
    await firstStart()
    expect(await read('state/updater-state.json')).toContain('"green"')
  })

  it('goes on where it was stopped in the middle of that', async () => {
    const { socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\n`)
    await write('data/updater-state.json', '{"active_color":"green","paused":true}')
    await write('data/.updater-secret', 'known to skills')
    await write('state/updater-state.json', '{"active_color":"green","paused":true}')
    await write('config/traefik/dynamic/updater-routes.yml', 'http: { routers: { skills:\n  service: skills-green } }\n')
    expect(await firstStart()).toContain('docs/migrating.md')
    expect(await read('state/secret/.updater-secret')).toBe('known to skills')
    expect(await read('state/traefik/dynamic/updater-routes.yml')).toContain('skills-green')
  })

  it('takes nothing over where our own record is, and leaves lost routes to the updater', async () => {
    const { project, socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\n`)
    await write('data/updater-state.json', '{"active_color":"green","paused":true}')
    await write('state/updater-state.json', '{"active_color":"blue","schema":1}')
    expect(await firstStart()).toContain('docker compose up -d')
    expect(await read('state/updater-state.json')).toContain('"blue"')
    await expect(stat(join(project, 'state/traefik/dynamic/updater-routes.yml'))).rejects.toThrow('ENOENT')
  })

  it('chooses the compose files once, also for who has given a password, and the predecessor\'s routes while there is one', async () => {
    const { socket, write, read, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\nPOSTGRES_PASSWORD=known\nTUNNEL_TOKEN=token\n`)
    await write('data/updater-state.json', '{"active_color":"green"}')
    await firstStart()
    const chosen = 'COMPOSE_FILE=docker-compose.yml:docker-compose.reference-app.yml:docker-compose.moving.yml\n'
    expect(await read('.env')).toContain(chosen)
    await write('.env', (await read('.env')).replace(chosen, ''))
    await firstStart()
    expect(await read('.env')).not.toContain('COMPOSE_FILE=')
  })

  it.runIf(process.getuid?.() === 0)('gives the tree to the owner it names, all but what containers share', async () => {
    const { project, socket, write, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\n`)
    await write('.git/HEAD', 'ref: refs/heads/main\n')
    await write('data/salt', 'of the bot')
    await firstStart()
    const uidOf = async (path: string): Promise<number> => (await stat(join(project, path))).uid
    expect(await Promise.all(['', '.git/HEAD', 'docker-compose.yml', 'scripts/first-start.sh', '.env', 'data/salt'].map(uidOf))).toEqual([4242, 4242, 4242, 4242, 4242, 0])
  })

  it.runIf(process.getuid?.() === 0)('leaves in it what belongs to a service, and every group', async () => {
    const { project, socket, write, firstStart } = await clone()
    await write('.env', `DOCKER_SOCKET=${socket}\n`)
    await write('database/base', 'of a third user')
    await write('certificates/key.pem', 'for a group to read')
    for (const path of ['database', 'database/base']) await chown(join(project, path), 70, 70)
    await chown(join(project, 'certificates/key.pem'), 0, 101)
    await firstStart()
    const ownersOf = async (path: string): Promise<number[]> => {
      const { uid, gid } = await stat(join(project, path))
      return [uid, gid]
    }
    expect(await Promise.all(['database', 'database/base', 'certificates/key.pem'].map(ownersOf))).toEqual([[70, 70], [70, 70], [4242, 101]])
  })

  it('refuses an engine that is not there, and an owner who is root, saying what to do', async () => {
    const { write, run, firstStart } = await clone()
    await write('.env', 'DOCKER_SOCKET=/nowhere/docker.sock\n')
    await expect(firstStart()).rejects.toThrow('there is no engine at /nowhere/docker.sock')
    await expect(run('first-start.sh', '--owner', '0:0')).rejects.toThrow('does not run as root')
  })
})

describe('scripts/pin-images.sh', () => {
  it('puts a digest behind every tag of others that has none, and behind nothing else', async () => {
    const { read, run } = await clone({ docker: `[ "$1 $2" = 'buildx imagetools' ] && echo ${digest}` })
    await run('pin-images.sh')
    const [before, after] = [await readFile(join(repository, 'docker-compose.yml'), 'utf8'), await read('docker-compose.yml')]
    expect(after).toContain(`image: postgres:17-alpine@${digest}\n`)
    expect(after.replaceAll(`@${digest}`, '')).toBe(before)
    expect(after).toContain('image: zetherion-ai-bot:current\n')
    expect(await read('Dockerfile.updater')).toContain(`FROM docker:28-cli@${digest} AS docker\n`)
    await run('pin-images.sh', '--check')
  })

  it('leaves the file alone when a registry gives no digest', async () => {
    const { read, run } = await clone({ docker: 'echo not-a-digest' })
    await expect(run('pin-images.sh')).rejects.toThrow('has no digest')
    expect(await read('docker-compose.yml')).toBe(await readFile(join(repository, 'docker-compose.yml'), 'utf8'))
    await expect(run('pin-images.sh', '--check')).rejects.toThrow('Command failed')
  })
})

describe('scripts/upgrade-updater.sh', () => {
  /** An updater that runs the image `ran`, sources that give the image `built`; what was asked of it stands in `calls`. */
  const engine = (built: string, image = 'zetherion-updater:current') => `
    echo "$*" >>"$(dirname "$0")/calls"
    case "$*" in
      'compose config '*) printf '%s\\n' services: '  zetherion-ai-socket-proxy:' '    image: wollomatic/updater-proxy:1' '  zetherion-ai-updater:' '    environment:' '      image: none' "    image: ${image}" volumes: ;;
      *'--type container'*) echo sha256:ran ;;
      'image inspect --format'*) echo sha256:${built} ;;
      *Health.Status*) echo healthy ;;
    esac`
  const record = (schema: number, paused = false) => JSON.stringify({ active_color: 'green', paused, schema }, null, 2)

  it('tells its help without an engine', async () => {
    const { run } = await clone({ docker: 'exit 1' })
    expect(await run('upgrade-updater.sh', '--help')).toContain('--back')
    await expect(run('upgrade-updater.sh')).rejects.toThrow('nothing was changed')
  })

  it('keeps the image that ran, and the record after the stop', async () => {
    const { run, read, write } = await clone({ docker: engine('built') })
    await write('state/updater-state.json', record(1))
    await run('upgrade-updater.sh')
    const calls = (await read('../bin/calls')).split('\n')
    const [built, kept, stopped, started] = ['compose build zetherion-ai-updater', 'image tag sha256:ran zetherion-updater:before-upgrade',
      'compose stop zetherion-ai-updater', 'compose up -d --no-deps --no-build zetherion-ai-updater'].map((call) => calls.indexOf(call))
    expect([built, kept, stopped, started]).not.toContain(-1)
    expect([built, kept, stopped, started]).toEqual([built, kept, stopped, started].toSorted((left, right) => Number(left) - Number(right)))
    expect(await read('state/before-upgrade/updater-state.json')).toBe(record(1))
  })

  it.each([['upgrade', []], ['--back', ['--back']]] as const)('starts the updater again when the disk is too full for the records (%s)', async (_, args) => {
    const { project, run, read, write } = await clone({ docker: engine('built') })
    await write('state/before-upgrade/updater-state.json', record(1))
    await write('state/updater-state.json', record(2))
    await write('../bin/cp', '#!/bin/sh\necho "cp: No space left on device" >&2\nexit 1\n')
    await chmod(join(project, '../bin/cp'), 0o755)
    await expect(run('upgrade-updater.sh', ...args)).rejects.toThrow(/No space left on device\n.*the updater is started again as it was/s)
    expect((await read('../bin/calls')).trimEnd().split('\n').at(-1)).toBe('compose start zetherion-ai-updater')
  })

  it('knows the updater by its service, whatever its image is called', async () => {
    const port = await clone({ docker: engine('built', 'localhost:5000/ops/sidecar') })
    await port.run('upgrade-updater.sh')
    expect(await port.read('../bin/calls')).toContain('image tag sha256:ran localhost:5000/ops/sidecar:before-upgrade\n')
    const { run } = await clone({ docker: engine('built', `zetherion-updater@${digest}`) })
    await expect(run('upgrade-updater.sh')).rejects.toThrow('by a digest')
  })

  it('run again, does not take the new updater for the way back', async () => {
    const { run, read, write } = await clone({ docker: engine('ran') })
    await write('state/before-upgrade/updater-state.json', record(1))
    await write('state/updater-state.json', record(2))
    expect(await run('upgrade-updater.sh')).toContain('stays as it is')
    expect(await read('../bin/calls')).not.toContain('image tag')
    expect(await read('state/before-upgrade/updater-state.json')).toBe(record(1))
  })

  it('--back puts the kept record in the place of a newer one', async () => {
    const { run, read, write } = await clone({ docker: engine('built') })
    await write('state/before-upgrade/updater-state.json', record(1))
    await write('state/updater-state.json', record(2))
    expect(await run('upgrade-updater.sh', '--back')).toContain('the newer record is in state/newer-')
    expect(await read('state/updater-state.json')).toBe(record(1))
    expect(await read('../bin/calls')).toContain('image tag zetherion-updater:before-upgrade zetherion-updater:current\n')
  })

  it.each([['rollouts were paused since', record(2, true)], ['an earlier run was stopped in the middle', null]])('--back leaves no record where %s, so that the updater pauses', async (_, newer) => {
    const { run, write, project } = await clone({ docker: engine('built') })
    await write('state/before-upgrade/updater-state.json', record(1))
    if (newer !== null) await write('state/updater-state.json', newer)
    await run('upgrade-updater.sh', '--back')
    await expect(stat(join(project, 'state/updater-state.json'))).rejects.toThrow('ENOENT')
  })
})
