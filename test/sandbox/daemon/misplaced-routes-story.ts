import { execFile } from 'node:child_process'
import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { containersOf } from './at-rest.ts'
import { begin, type Story } from './story.ts'

/*
 * The real daemon beside routes that no rename from the staging directory can replace, on whose file something was
 * written by hand that it would else set right. Run in a mount namespace of its own; prints what was seen as JSON.
 */

const run = promisify(execFile)
const apply = { tag: 'v1.1.0', version: '1.1.0' }

/** All that a daemon could change, processes and the time of their start included. */
async function look(story: Story): Promise<Readonly<Record<string, unknown>>> {
  const staged = await readdir(join(story.stack.project.state, 'traefik/.staging'))
  return { routes: await story.stack.routes(), record: await story.stateText(), staged, containers: await containersOf(story.stack) }
}

/** @param path what becomes a mount of its own, of the very disk that it lies on already */
async function besideMount(story: Story, path: string): Promise<Readonly<Record<string, unknown>>> {
  const { updater, project } = story.stack
  const before = await look(story)
  await run('mount', ['--bind', path, path])
  try {
    await story.start()
    const told = {
      health: (await updater.get('/health')).status,
      observing: (await story.status())['observing'],
      apply: await updater.post('/update/apply', apply),
      rollback: await updater.post('/update/rollback', { previous_sha: project.release('v1.0.0').commit }),
      unpause: await updater.post('/update/unpause'),
    }
    await story.stack.daemon().end('SIGTERM')
    return { ...told, before, after: await look(story) }
  } finally {
    await run('umount', [path])
  }
}

async function main(): Promise<void> {
  const story = await begin()
  try {
    const { project } = story.stack
    const watched = join(project.state, 'traefik/dynamic')
    const routes = join(watched, 'updater-routes.yml')
    await story.start()
    await story.rest()
    await story.stack.daemon().end('SIGTERM')
    await project.publish(apply.tag)
    await appendFile(routes, '# by hand\n')

    const told = { watchedDirectory: await besideMount(story, watched), routesFile: await besideMount(story, routes) }
    await story.start()
    process.stdout.write(JSON.stringify({ ...told, mended: await story.stack.updater.post('/update/apply', apply) }))
    await story.rest()
  } finally {
    await story.end()
  }
}

await main()
