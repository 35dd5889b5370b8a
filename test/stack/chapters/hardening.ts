import { expect, it } from 'vitest'
import { inside, placeProbe, probed } from '../harness/inside.ts'
import { containers, each } from '../statements/services.ts'
import type { Here } from './scene.ts'

const refused = 'operation not permitted'
/** What needs a capability each. */
const privileges = { chown: refused, mknod: refused, 'raw socket': refused, mount: refused, chroot: refused, setgid: refused, setuid: refused }
const asNobodyInParticular = ['--user', '12345:12345']

/** Told while both colors run. */
export function hardening(here: Here): void {
  it('the same attempts succeed in a container without these settings', async () => {
    const { stack, probe } = here()
    await stack.docker('run', '--detach', '--name', 'plain', '--entrypoint', 'sleep', 'postgres:17-alpine', '600')
    try {
      await placeProbe(stack, probe, 'plain')
      expect(await probed(stack, 'plain', ['privileges'])).toEqual({ chown: 'done', mknod: 'done', 'raw socket': 'done', mount: refused, chroot: 'done', setgid: 'done', setuid: 'done' })
      expect(await probed(stack, 'plain', ['create', '/', '/tmp'])).toEqual({ '/': 'done', '/tmp': 'done' })
      expect(await probed(stack, 'plain', ['user'], asNobodyInParticular)).toMatchObject({ uid: '12345', euid: '0' })
      expect(await probed(stack, 'plain', ['fork', '1500'])).toMatchObject({ outcome: 'none was refused' })
    } finally {
      await stack.docker('rm', '--force', 'plain')
    }
  })

  it('no capability is left: nobody changes owners, makes devices, sends raw packets, mounts, or becomes another user', async () => {
    const { stack } = here()
    for (const container of containers) expect(await probed(stack, container, ['privileges']), container).toEqual(privileges)
  })

  it('no new privileges: a set-user-id program of root\'s makes nobody root, in any container', async () => {
    const { stack } = here()
    for (const container of containers) expect(await probed(stack, container, ['user'], asNobodyInParticular), container).toMatchObject({ uid: '12345', euid: '12345' })
  })

  it('each program runs as the user that it should', async () => {
    const { stack } = here()
    for (const [container, { user }] of each) {
      const [uid = '', gid = ''] = user.split(':')
      expect(await probed(stack, container, ['user']), container).toMatchObject({ uid, gid })
      const main = await stack.docker('inspect', '--format', '{{.State.Pid}}', container)
      expect(await stack.userOf(Number(main)), `the main process of ${container}`).toBe(uid)
    }
  })

  it('the root is read-only even to root, and only the temporary directories can be written', async () => {
    const { stack } = here()
    for (const [container, { tmpfs }] of each) {
      if (tmpfs === null) continue
      const roots = await probed(stack, container, ['create', '/', '/etc', '/usr'], ['--user', '0:0'])
      expect(new Set(Object.values(roots)), `root of ${container}`).toSatisfy((said: Set<string>) => [...said].every((word) => word === 'read-only file system' || word === 'no such file or directory'))
      expect(roots['/'], container).toBe('read-only file system')
      expect(await probed(stack, container, ['create', ...tmpfs]), container).toEqual(Object.fromEntries(tmpfs.map((directory) => [directory, 'done'])))
    }
  })

  it('the temporary directories are memory with a limit of its own', async () => {
    const { stack } = here()
    for (const [container, { tmpfs }] of each) {
      for (const directory of tmpfs ?? []) {
        expect(await probed(stack, container, ['fill', directory, String(200 * 1024 ** 2)]), `${directory} of ${container}`).toMatchObject({ outcome: 'no space left on device' })
      }
    }
  }, 240_000)

  it('bot, skills and api have neither a shell nor a package manager', async () => {
    const { stack } = here()
    for (const container of containers.filter((name) => /-(bot|skills-\w+|api-\w+)$/.test(name))) {
      for (const command of ['sh', 'bash', '/bin/sh', 'apt', 'apt-get', 'apk', 'dpkg']) {
        expect(await inside(stack, container, [command, '--version']), `${command} in ${container}`).toMatchObject({ code: expect.toSatisfy((code: number) => code === 126 || code === 127) })
      }
    }
  }, 240_000)

  it('nobody but the updater sees the engine\'s socket', async () => {
    const { stack } = here()
    for (const container of containers) {
      const said = await probed(stack, container, ['read', '/var/run/docker.sock'], ['--user', '0:0'])
      expect(said['/var/run/docker.sock'], container).toBe(container === 'zetherion-ai-updater' ? 'no such device or address' : 'no such file or directory')
    }
    expect(await inside(stack, 'zetherion-ai-updater', ['docker', 'version', '--format', '{{.Server.Os}}'])).toEqual({ code: 0, output: 'linux' })
  })

  it('the logs of every container are limited', async () => {
    const { stack } = here()
    const limits = await stack.docker('inspect', '--format', '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}}', ...containers)
    for (const line of limits.split('\n')) expect(line).toMatch(/^(json-file|local) \d+m \d+$/)
  })
}
