import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { askForBot, startAnew } from './daemon-parts.ts'
import { git, makeGitWorld } from './git-world.ts'

test('a clone of a mirror is foreign only until there is a release to compare it with', async () => {
  const world = await makeGitWorld()
  onTestFinished(() => world.dispose())
  const signal = AbortSignal.timeout(60_000)
  const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'services:\n  bot:\n    image: bot:current\n' })
  await git(world.root, 'clone', '--quiet', world.author, world.project)
  await writeFile(join(world.project, 'docker-compose.yml'), 'services: [what the operator tries out]\n')
  const before = await startAnew(world)
  await before.source.fetch('v1.0.0', null, signal)
  await before.source.checkout(commit, signal)
  await rm(join(world.state, 'source.git'), { recursive: true })

  const release = { tag: 'v1.0.0', version: '1.0.0', commit }
  const daemon = await startAnew(world)
  expect(await askForBot(daemon, release)).toContain('services must be a mapping')
  await daemon.source.fetch('v1.0.0', commit, signal)
  expect(await askForBot(daemon, release)).toBe('engine_unreachable')
})
