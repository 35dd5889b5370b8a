import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { inside, probed } from '../harness/inside.ts'
import { containers } from '../statements/services.ts'
import type { Here, Scene } from './scene.ts'

const absent = 'no such file or directory'
/** The directories' owner on the host: whom no permission of theirs stops. */
const asOwner = ({ stack: { operator } }: Scene): string[] => ['--user', `${operator.uid}:${operator.gid}`]

/** Who may what on disk, asked from inside each container; told while both colors run. */
export function disk(here: Here): void {
  it('Traefik reads its routes and cannot write them, and sees nothing else of the state', async () => {
    const { stack } = here()
    const routes = '/etc/traefik/dynamic'
    expect(await probed(stack, 'zetherion-ai-traefik', ['read', `${routes}/updater-routes.yml`])).toEqual({ [`${routes}/updater-routes.yml`]: 'done' })
    for (const user of [[], asOwner(here())]) {
      expect(await probed(stack, 'zetherion-ai-traefik', ['create', routes, '/etc/traefik'], user)).toEqual({ [routes]: 'read-only file system', '/etc/traefik': 'read-only file system' })
    }
    expect(await mountsOf(here, 'zetherion-ai-traefik')).toEqual(['config/traefik/traefik.yml false', 'state/traefik/dynamic false'])
  })

  it('skills of both colors reads the shared secret and nothing else of the state, and writes nothing there', async () => {
    const { stack } = here()
    for (const container of ['zetherion-ai-skills-blue', 'zetherion-ai-skills-green']) {
      expect(await probed(stack, container, ['read', '/app/data/.updater-secret', '/app/data/updater-state.json']), container).toEqual({ '/app/data/.updater-secret': 'done', '/app/data/updater-state.json': absent })
      expect(await probed(stack, container, ['create', '/app/data'], asOwner(here())), container).toEqual({ '/app/data': 'read-only file system' })
      expect(await mountsOf(here, container), container).toEqual(['state/secret false'])
    }
  })

  it('the bot neither sees the secret nor the record of a pause, and the control API does not listen to it', async () => {
    const { stack } = here()
    const hidden = ['/app/data/.updater-secret', '/app/data/secret/.updater-secret', '/app/data/updater-state.json']
    expect(await probed(stack, 'zetherion-ai-bot', ['read', ...hidden])).toEqual(Object.fromEntries(hidden.map((path) => [path, absent])))
    expect(await mountsOf(here, 'zetherion-ai-bot')).toEqual(['data true', 'logs true'])
    const unpause = "fetch('http://zetherion-ai-updater:9090/update/unpause', { method: 'POST' }).then((answer) => console.log(answer.status))"
    expect(await inside(stack, 'zetherion-ai-bot', ['/nodejs/bin/node', '-e', unpause])).toEqual({ code: 0, output: '401' })
  })

  it('the bot writes ./data and ./logs, and its log is there', async () => {
    const { stack } = here()
    expect(await probed(stack, 'zetherion-ai-bot', ['create', '/app/data', '/app/logs'])).toEqual({ '/app/data': 'done', '/app/logs': 'done' })
    expect(await stack.operator.run('ls', ['logs'], { cwd: stack.directory })).toMatch(/\.(log|jsonl)/)
  })

  it('nobody but the updater has a directory of the updater\'s record', async () => {
    for (const container of containers.filter((name) => name !== 'zetherion-ai-updater')) {
      const mounts = await mountsOf(here, container)
      expect(mounts.filter((mount) => mount.startsWith('state ') || mount.startsWith('. ')), container).toEqual([])
    }
  })

  it('the updater writes its state as the operator, and every file of the project keeps its owner', async () => {
    const { stack } = here()
    expect(await probed(stack, 'zetherion-ai-updater', ['create', '/app/data', stack.directory, '/app'])).toEqual({ '/app/data': 'done', [stack.directory]: 'done', '/app': 'read-only file system' })
    const owners = await promisify(execFile)('find', [stack.directory, '-path', '*/data', '-prune', '-o', '-path', '*/logs', '-prune', '-o', '!', '-uid', String(stack.operator.uid), '-print'])
    expect(owners.stdout, 'files of others than the operator').toBe('')
    expect(await stack.operator.run('stat', ['-c', '%a', 'state/secret/.updater-secret', 'state/updater-state.json'], { cwd: stack.directory })).toMatch(/^[64]40\n6[04][04]$/)
  })
}

/** Bind mounts of a container, as `path below the project, whether it may be written`. */
async function mountsOf(here: Here, container: string): Promise<string[]> {
  const { stack } = here()
  const mounts = await stack.docker('inspect', '--format', '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Source .RW}}{{end}}{{end}}', container)
  return mounts.split('\n').filter((line) => line !== '').map((line) => line.replace(`${stack.directory}/`, '')).sort()
}
