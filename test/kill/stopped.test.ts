import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../sandbox/daemon/waiting.ts'
import { tellLoad } from './figures.ts'
import { openRecoveredGround, openingLimit, releases, type Ground } from './ground.ts'
import { onLinux } from './on-linux.ts'
import { askFor, diesOrEnds, forward, inStory, recoverFrom, unpauseIfHeld, type Undertaking } from './survival.ts'
import type { Wire } from './tripwire/tripwire.ts'

/** Longer than the 10 s after which proper-lockfile, alone, would take a holder for dead. */
const longerThanStale = 12_000

let ground: Ground
beforeAll(async () => {
  ground = await openRecoveredGround()
}, openingLimit)
afterAll(() => ground.end())

/** What runs once that has gone through. */
const targetOf = (undertaking: Undertaking): string => (undertaking === 'apply' ? releases.good : releases.first)
const write = (holding: RegExp): Pick<Wire, 'to' | 'holding' | 'side'> => ({ to: /\/updater-state\.json$/, holding, side: 'after' })

/** Asks for a rollout whose daemon stops, as by SIGSTOP, at an exact place. @returns what continues it */
async function stopAt(undertaking: Undertaking, wire: Pick<Wire, 'to' | 'holding' | 'side'>): Promise<() => void> {
  const { pid } = ground.running()
  await ground.tripwire.arm({ ...wire, number: 1, signal: 'SIGSTOP' })
  await askFor(ground, undertaking)
  await eventually('the daemon being stopped', async () => (/\) T /.test(await readFile(`/proc/${pid}/stat`, 'utf8')) ? true : null))
  await ground.tripwire.disarm()
  ground.observer.note(`-- ${pid} is stopped`)
  return () => {
    ground.observer.note(`-- ${pid} is continued`)
    process.kill(pid, 'SIGCONT')
  }
}

/** Starts a second daemon beside the first one. @returns what it said when it ended */
async function secondDaemon(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const log = join(ground.stack.project.root, 'updater.log')
  const before = (await readFile(log)).length
  await expect(ground.stack.startUpdater({ env: { UPDATER_PORT: '0', ...env } })).rejects.toThrow('ended with code 1')
  return eventually('its last words', async () => {
    const words = (await readFile(log)).subarray(before).toString().split('\n').find((line) => line.startsWith('zetherion-updater cannot start'))
    return words ?? null
  })
}

async function finished(undertaking: Undertaking): Promise<void> {
  if (await diesOrEnds(ground)) throw new Error('the daemon ended')
  expect(ground.state()).toMatchObject({ activeTag: targetOf(undertaking), operation: null })
  expect(new Set(await ground.served())).toEqual(new Set([targetOf(undertaking)]))
}

onLinux('a daemon that is stopped by SIGSTOP in the middle of a rollout', () => {
  it('fault 19: is not taken over from, however long, and finishes when it is continued', async () => {
    await inStory(ground, 'stopped right after the switch', async () => {
      const undertaking = forward(ground)
      const proceed = await stopAt(undertaking, { to: /\/updater-routes\.yml$/, side: 'after' })
      const stopped = ground.state()
      try {
        const begun = performance.now()
        expect(await secondDaemon()).toMatch(/Another updater holds the state directory in .*; this one changes nothing\. Stop the other one first\.$/)
        await new Promise((resolve) => setTimeout(resolve, longerThanStale - (performance.now() - begun)))
        expect(await secondDaemon()).toContain('Another updater holds the state directory')
        expect(ground.state()).toEqual(stopped)
      } finally {
        proceed()
      }
      await finished(undertaking)
    })
  })

  it('fault 21: looks at the world before its next effect, and does not stop a color that was routed meanwhile', async () => {
    await inStory(ground, 'stopped right before the stop of the old color', async () => {
      const undertaking = forward(ground)
      const { state } = ground.stack.project
      const earlier = await ground.stack.routes()
      const { activeColor: old } = ground.state()
      const proceed = await stopAt(undertaking, write(/"step": "stop_old_color"/))
      try {
        await writeFile(join(state, 'by-hand.yml'), earlier)
        await rename(join(state, 'by-hand.yml'), join(state, 'traefik/dynamic/updater-routes.yml'))
        await new Promise((resolve) => setTimeout(resolve, longerThanStale))
      } finally {
        proceed()
      }
      // The observer sees to it that the old color runs as long as it is routed.
      await eventually('the routes leading to the new color again', () => (ground.observer.routes?.color === old ? null : true))
      await eventually('the old color having retired', () => (ground.state().operation === null ? true : null))
      await finished(undertaking)
      expect(ground.state().holds).toEqual([expect.stringContaining('is committed but not routed')])
      await unpauseIfHeld(ground)
    })
  })
})

onLinux('a second daemon with a state directory of its own on the same stack', () => {
  it.each([
    { first: 'stopped in the middle of a rollout', wire: write(/"phase": "swapping"/) },
    { first: 'at work in the middle of a rollout', wire: null },
  ])('fault 19: ends at once with a sentence, the first one being $first, and leaves no record behind', async ({ wire }) => {
    await inStory(ground, 'two state directories on one stack', async () => {
      const undertaking = forward(ground)
      const other = join(ground.stack.project.root, 'other')
      const proceed = wire === null ? await askFor(ground, undertaking) : await stopAt(undertaking, wire)
      try {
        expect(await secondDaemon({ UPDATER_STATE_PATH: join(other, 'updater-state.json') })).toMatch(/Another updater holds the routes file in .*Stop the other one first\.$/)
        expect((await readdir(other)).filter((name) => name.startsWith('updater-'))).toEqual([])
      } finally {
        proceed?.()
      }
      await finished(undertaking)
    })
  })
})

onLinux('a daemon whose hand is taken from it in the middle of a rollout', () => {
  it('fault 19: ends before its next effect, and the next one undoes', async () => {
    await inStory(ground, 'the socket removed', async () => {
      const proceed = await stopAt(forward(ground), write(/"phase": "swapping"/))
      await rm(join(ground.stack.project.state, '.updater.sock'))
      proceed()
      await ground.running().ended
      expect(ground.state()).toMatchObject({ operation: { phase: 'swapping' } })
      await recoverFrom(ground, 'recovery')
    })
  })
})

onLinux('all of this', () => {
  it('failed no request', (context) => {
    tellLoad(context, ground)
    expect(ground.load.failed).toEqual([])
    expect(ground.load.sent).toBeGreaterThan(100)
  })
})
