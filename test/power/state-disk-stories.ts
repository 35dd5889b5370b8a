import { execFile } from 'node:child_process'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openGround, type Ground } from '../kill/ground.ts'
import { sentenceOf } from '../kill/sentence.ts'
import { askFor, diesOrEnds, inStory, possible, unpauseIfHeld } from '../kill/survival.ts'
import type { Wire } from '../kill/tripwire/tripwire.ts'
import { containersOf, unsettled } from '../sandbox/daemon/at-rest.ts'
import { eventually, untilNothingIsWrong } from '../sandbox/daemon/waiting.ts'

/*
 * The real daemon under load with its state directory on a small disk of its own, which fills up or turns read-only before a
 * rollout or in its middle. Run in a mount namespace of its own; prints what became of each story as JSON.
 */

const run = promisify(execFile)

function openOnSmallDisk(): Promise<Ground> {
  return openGround({
    async onProject({ state }) {
      await rename(state, `${state}-before`)
      await run('mkdir', [state])
      await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', state])
      await run('cp', ['-a', `${state}-before/.`, state])
      await rm(`${state}-before`, { recursive: true })
      return () => run('umount', [state])
    },
  })
}

/** Takes every byte that is left. */
async function fill(state: string): Promise<void> {
  for (const size of [1 << 20, 4096, 1]) {
    for (let n = 0; await writeFile(join(state, `ballast-${size}-${n}`), new Uint8Array(size)).then(() => true, () => false);) n += 1
  }
}

async function removeAll(state: string, prefix: string): Promise<void> {
  for (const name of await readdir(state)) if (name.startsWith(prefix)) await rm(join(state, name))
}

/** Before the next record: between `switching` and the commit. */
const afterSwitch = { to: /\/updater-routes\.yml$/, number: 1 }
/** What was fetched is checked, and nothing is built. */
const preparing = { to: /\/updater-state\.json$/, number: 4 }

/** Asks for a rollout whose daemon stops right after this rename. @returns what lets it go on */
async function stopAfter(ground: Ground, rename: Pick<Wire, 'to' | 'number'>): Promise<() => void> {
  const { pid } = ground.running()
  await ground.tripwire.arm({ ...rename, side: 'after', signal: 'SIGSTOP' })
  await askFor(ground, possible(ground)[0])
  await eventually('the daemon being stopped', async () => (/\) T /.test(await readFile(`/proc/${pid}/stat`, 'utf8')) ? true : null))
  await ground.tripwire.disarm()
  return () => process.kill(pid, 'SIGCONT')
}

async function findings(ground: Ground): Promise<string> {
  return JSON.stringify((await ground.stack.updater.get('/status')).body['findings'])
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** What serves; a stopped container of the other color is nobody's way back. */
async function serving(ground: Ground): Promise<string> {
  const running = (await containersOf(ground.stack)).filter(({ state }) => state === 'running')
  return JSON.stringify([ground.state().activeTag, running.map(({ id }) => id).sort((left, right) => left.localeCompare(right)), await ground.stack.routes()])
}

/** The release that was refused rolls out after all. */
async function goesOn(ground: Ground): Promise<void> {
  await unpauseIfHeld(ground)
  const { activeTag: before } = ground.state()
  await askFor(ground, possible(ground)[0])
  expectThat(!(await diesOrEnds(ground)), 'the daemon died')
  await untilNothingIsWrong(async () => unsettled(ground.stack, JSON.parse(await readFile(join(ground.stack.project.state, 'updater-state.json'), 'utf8'))))
  expectThat(ground.state().activeTag !== before && !ground.state().paused, `with room again ${before} still serves`)
}

async function fullBefore(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const before = await serving(ground)
  await fill(state)
  const { status, body } = await ground.stack.updater.post('/update/apply', { tag: 'v1.1.0', version: '1.1.0' })
  expectThat(status === 500 && /ENOSPC|disk of the state directory is full/.test(JSON.stringify(body)), `the rollout was answered with ${status} ${JSON.stringify(body)}`)
  expectThat(await serving(ground) === before, 'something was changed')
  await removeAll(state, 'ballast-')
  await goesOn(ground)
}

async function fullWhilePreparing(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const before = await serving(ground)
  const { activeTag } = ground.state()
  const proceed = await stopAfter(ground, preparing)
  expectThat(ground.state().operation?.phase === 'preparing', `it is ${ground.state().operation?.phase}`)
  await fill(state)
  proceed()
  await eventually('the hold in the record', () => (ground.state().operation === null && ground.state().paused ? true : null))
  const { holds } = ground.state()
  expectThat(holds.some((hold) => /storage_failed: .*ENOSPC/.test(hold)), `the holds do not name the disk: ${holds.join('; ')}`)
  expectThat(await serving(ground) === before, 'something was changed')
  await removeAll(state, 'ballast-')
  await backAndHeld(ground, activeTag)
  await goesOn(ground)
}

/** The old release serves, rollouts are held for the disk's sake, and nothing is left over. */
async function backAndHeld(ground: Ground, before: string): Promise<void> {
  const { state } = ground.stack.project
  await eventually('the operation being closed', () => (ground.state().operation === null ? true : null))
  await untilNothingIsWrong(async () => unsettled(ground.stack, JSON.parse(await readFile(join(state, 'updater-state.json'), 'utf8'))))
  const { activeTag, paused } = ground.state()
  expectThat(activeTag === before && paused, `${activeTag} is active, ${paused ? '' : 'not '}held`)
  expectThat((await ground.served()).every((tag) => tag === before), 'not the old release is served')
}

async function fullWithReserve(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const { activeTag: before, activeColor } = ground.state()
  const proceed = await stopAfter(ground, afterSwitch)
  await fill(state)
  proceed()
  await eventually('the traffic being back', () => (ground.observer.routes?.color === activeColor ? true : null))
  // Still full: what happened is on the disk all the same.
  await eventually('the hold in the record', () => (ground.state().operation === null && ground.state().paused ? true : null))
  const { holds } = ground.state()
  expectThat(holds.some((hold) => /storage_failed: .*ENOSPC/.test(hold)), `the holds do not name the disk: ${holds.join('; ')}`)
  expectThat((await readFile(join(state, 'updater-history.jsonl'), 'utf8')).trimEnd().split('\n').at(-1)?.includes('ENOSPC') === true, 'the history does not tell of it')
  await removeAll(state, 'ballast-')
  await backAndHeld(ground, before)
  await unpauseIfHeld(ground)
  await eventually('the reserve being whole again', async () => ((await readdir(state)).filter((name) => name.startsWith('updater-reserve-')).length === 8 ? true : null))
}

async function fullWithoutReserve(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const { activeTag: before, activeColor } = ground.state()
  const proceed = await stopAfter(ground, afterSwitch)
  await removeAll(state, 'updater-reserve-')
  await fill(state)
  proceed()
  await eventually('the traffic being back by the prepared rename', () => (ground.observer.routes?.color === activeColor ? true : null))
  await eventually('the updater telling of it', async () => ((await findings(ground)).includes('ENOSPC') ? true : null))
  expectThat(ground.state().operation?.fromTag === before, 'the record is not the one of the open operation any more')
  await removeAll(state, 'ballast-')
  await backAndHeld(ground, before)
  await unpauseIfHeld(ground)
}

async function readOnlyAfterSwitch(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const { activeTag: before } = ground.state()
  const proceed = await stopAfter(ground, afterSwitch)
  await run('mount', ['-o', 'remount,ro', state])
  try {
    proceed()
    await eventually('the updater telling of it', async () => (/EROFS|read-only/.test(await findings(ground)) ? true : null))
  } finally {
    await run('mount', ['-o', 'remount,rw', state])
  }
  await backAndHeld(ground, before)
  await unpauseIfHeld(ground)
}

async function readOnlyBefore(ground: Ground): Promise<void> {
  const { state } = ground.stack.project
  const before = ground.state()
  const routes = await ground.stack.routes()
  await run('mount', ['-o', 'remount,ro', state])
  try {
    const { status, body } = await ground.stack.updater.post('/update/apply', { tag: 'v1.1.0', version: '1.1.0' })
    expectThat(status >= 400 || body['status'] === 'failed', `the rollout was answered with ${status} ${JSON.stringify(body)}`)
    expectThat(/EROFS|read-only/.test(JSON.stringify(body)), `the answer does not name the disk: ${JSON.stringify(body)}`)
    expectThat(JSON.stringify(ground.state()) === JSON.stringify(before) && await ground.stack.routes() === routes, 'something was changed')
  } finally {
    await run('mount', ['-o', 'remount,rw', state])
  }
  await unpauseIfHeld(ground)
}

const stories = { fullBefore, fullWhilePreparing, fullWithReserve, fullWithoutReserve, readOnlyBefore, readOnlyAfterSwitch }

async function main(): Promise<void> {
  const ground = await openOnSmallDisk()
  const told: Record<string, string> = {}
  try {
    await ground.recover()
    for (const [name, story] of Object.entries(stories)) {
      told[name] = await inStory(ground, name, () => story(ground)).then(() => 'as it should be', sentenceOf)
      if (told[name] !== 'as it should be') break
    }
    process.stdout.write(JSON.stringify({ ...told, sent: ground.load.sent, failed: ground.load.failed.length }))
  } finally {
    await ground.end()
  }
}

await main()
