import { execFile } from 'node:child_process'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Release } from '../../src/rollout/model.ts'
import { askForBot, startAnew } from '../git/daemon-parts.ts'
import { git, makeGitWorld } from '../git/git-world.ts'

/*
 * The daemon's own adapters, started again and again over a state directory on a small disk: what Compose would be given to
 * bring a release back. Run in a mount namespace of its own; prints how each look ended.
 */

const run = promisify(execFile)
const signal = new AbortController().signal
const world = await makeGitWorld()
const { root, state, project, author } = world

/** Takes every byte that is left. */
async function fill(): Promise<void> {
  for (const size of [1 << 18, 4096, 1]) {
    for (let n = 0; await writeFile(join(state, `ballast-${size}-${n}`), new Uint8Array(size)).then(() => true, () => false);) n += 1
  }
}

async function publish(tag: string): Promise<Release> {
  const commit = await world.publish(tag, { 'docker-compose.yml': `services:\n  bot:\n    image: bot:current # ${tag}\n` })
  return { tag, version: tag.slice(1), commit }
}

async function layOut({ tag, commit }: Release): Promise<void> {
  const { source } = await startAnew(world)
  await source.fetch(tag, commit, signal)
  await source.checkout(commit, signal)
}

async function looks(checked: Release, unchecked: Release): Promise<Record<string, string>> {
  return {
    checked: await askForBot(await startAnew(world), checked),
    unchecked: await askForBot(await startAnew(world), unchecked),
    withoutGit: await askForBot(await startAnew(world, '/nonexistent'), checked),
  }
}

await mkdir(state)
await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', state])
try {
  const checked = await publish('v1.0.0')
  // Laid out by a version that kept nothing beside it.
  const unchecked = await publish('v1.1.0')
  // Of another address: what tells that it is a clone is its history.
  await git(root, 'clone', '--quiet', author, project)
  for (const release of [checked, unchecked]) await layOut(release)
  // Ends for want of an engine, when all that is on the disk has been looked at.
  await (await startAnew(world)).runtime.preflight(checked, ['bot'], 0, signal).catch(() => undefined)
  await fill()
  const full = await looks(checked, unchecked)
  // Of a git that was killed: nothing can take it away there.
  await rename(join(state, `ballast-${1 << 18}-0`), join(state, 'source.git', 'packed-refs.lock'))
  await run('mount', ['-o', 'remount,ro', state])
  process.stdout.write(JSON.stringify({ full, readOnly: await looks(checked, unchecked) }))
} finally {
  await run('umount', [state])
  await rm(root, { recursive: true })
}
