import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ports } from '../../src/rollout/context.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { Release } from '../../src/rollout/model.ts'
import { createSystemClock } from '../../src/storage/system-clock.ts'
import { createPorts } from '../../src/world.ts'
import { good } from '../unit/settings/reading.ts'
import type { GitWorld } from './git-world.ts'

/** What the daemon is made of at a start, with the Docker runtime, a compose that prints the last file it is given, and no engine. */
export async function startAnew({ root, state, project, remote }: GitWorld, path = process.env['PATH'] ?? ''): Promise<Pick<Ports, 'runtime' | 'source'>> {
  const compose = join(root, 'compose.cjs')
  await writeFile(compose, "process.stdout.write(require('node:fs').readFileSync(process.argv[process.argv.lastIndexOf('-f') + 1]))")
  const environment = { PATH: path, PROJECT_DIR: project, UPDATER_STATE_PATH: join(state, 'updater-state.json'), AUTO_UPDATE_REPO: remote, DOCKER_HOST: `unix://${join(root, 'no-engine.sock')}` }
  const settings = good(environment, JSON.stringify({ docker: { composeCommand: [process.execPath, compose] } }))
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  return createPorts({ settings, clock: createSystemClock(), log, environment }, { check: () => undefined })
}

/** How the question ends that is asked before the bot is started: `engine_unreachable` once its compose files were good. */
export async function askForBot({ runtime }: Pick<Ports, 'runtime'>, release: Release): Promise<string> {
  return runtime.missingImages(release, ['bot'], AbortSignal.timeout(60_000)).then(
    () => 'an answer without an engine',
    (error: unknown) => (error instanceof UpdaterError && error.code === 'engine_unreachable' ? error.code : String(error)),
  )
}
