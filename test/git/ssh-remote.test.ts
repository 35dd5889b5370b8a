import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { makeGitWorld, type GitWorld } from './git-world.ts'

/**
 * git speaks its real ssh transport; in place of the ssh client stands a program that notes what it was given and runs the
 * asked command here, as the server at the other end would.
 */
async function withSsh(world: GitWorld): Promise<{ path: string; calls: () => Promise<string[]> }> {
  const bin = join(world.root, 'bin')
  const log = join(world.root, 'ssh.log')
  await mkdir(bin)
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\necho "$*" >> '${log}'\nfor last; do :; done\ncd '${world.root}' && exec sh -c "$last"\n`)
  await chmod(join(bin, 'ssh'), 0o755)
  return { path: `${bin}:${process.env['PATH']}`, calls: async () => (await readFile(log, 'utf8')).trimEnd().split('\n') }
}

test('a release comes over ssh, without a prompt that nobody could answer', async () => {
  const world = await makeGitWorld()
  onTestFinished(() => world.dispose())
  const commit = await world.publish('v1.0.0', { 'app.txt': 'one' })
  const ssh = await withSsh(world)
  const source = world.openWith({ remote: 'git@releases.example:remote.git', environment: { PATH: ssh.path, HOME: world.root } })
  const { signal } = new AbortController()

  expect(await source.listTags(signal)).toEqual([{ tag: 'v1.0.0', commit }])
  expect(await source.fetch('v1.0.0', null, signal)).toBe(commit)
  await source.checkout(commit, signal)
  expect(await world.releaseFiles(commit)).toMatchObject({ 'app.txt': 'one' })
  for (const call of await ssh.calls()) expect(call).toMatch(/-o BatchMode=yes .*git@releases\.example git-upload-pack 'remote\.git'$/)
})

test('a host that cannot be reached over ssh is told as such', async () => {
  const world = await makeGitWorld()
  onTestFinished(() => world.dispose())
  const bin = join(world.root, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'ssh'), '#!/bin/sh\necho "ssh: connect to host releases.example port 22: Connection refused" >&2\nexit 255\n')
  await chmod(join(bin, 'ssh'), 0o755)
  const source = world.openWith({ remote: 'ssh://git@releases.example/remote.git', environment: { PATH: `${bin}:${process.env['PATH']}`, HOME: world.root } })

  await expect(source.listTags(new AbortController().signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining('Connection refused') })
})

test('that there is no ssh client here is told as such, with what to do', async () => {
  const world = await makeGitWorld()
  onTestFinished(() => world.dispose())
  const bin = join(world.root, 'bin')
  await mkdir(bin)
  for (const program of ['git', 'sh']) await symlink(await whereIs(program), join(bin, program))
  const source = world.openWith({ remote: 'git@releases.example:remote.git', environment: { PATH: bin, HOME: world.root } })

  const { signal } = new AbortController()
  for (const ask of [() => source.listTags(signal), () => source.fetch('v1.0.0', null, signal)]) {
    await expect(ask()).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringMatching(/^The release repository git@releases\.example:remote\.git is reached by ssh, and there is no ssh client here\. .*https/) })
  }
})

async function whereIs(program: string): Promise<string> {
  return (await promisify(execFile)('sh', ['-c', 'command -v "$0"', program])).stdout.trim()
}
