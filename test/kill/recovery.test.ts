import { afterAll, beforeAll, expect, it } from 'vitest'
import { at, eventually } from '../sandbox/daemon/waiting.ts'
import { tellSurvival } from './figures.ts'
import { openRecoveredGround, openingLimit, releases, type Ground } from './ground.ts'
import { onLinux } from './on-linux.ts'
import { wrongOutcome } from './outcome.ts'
import { askFor, diesOrEnds, forward, inStory, recordWrite, recoverFrom, unpauseIfHeld, type Survived, type Undertaking, type Wired } from './survival.ts'

let ground: Ground
const survived: Survived[] = []
beforeAll(async () => {
  ground = await openRecoveredGround()
}, openingLimit)
afterAll(() => ground.end())

/** After so many writes of that phase. */
const inPhase = (phase: string, number: number): Wired => ({ wire: { to: /\/updater-state\.json$/, holding: new RegExp(`"phase": "${phase}"`), number, side: 'after' } })

/** Starts the daemon with a wire over its way. @returns how long it took to recover, ms; null when the wire was reached */
async function recoverOverWire(place: Wired): Promise<number | null> {
  await ground.tripwire.arm({ ...place.wire, signal: 'SIGKILL' })
  const took = await ground.recover()
  // The last write of a recovery makes the world a reconciled one, and may have been the daemon's end.
  const lives = await ground.stack.updater.get('/status').then(() => true, () => false)
  await ground.tripwire.disarm()
  if (lives) return took
  await ground.running().ended
  return null
}

/** Has an operation killed at a place, and then every daemon after it at the next boundary of its recovery, until one gets through. */
async function killThroughRecovery(undertaking: Undertaking, place: Wired): Promise<void> {
  await inStory(ground, `${undertaking}, killed in it and through its recovery`, async () => {
    await dieAt(undertaking, place)
    const first = ground.state()
    let last = first
    survived.push({ undertaking, left: first, recovery: 0 })
    for (let boundary = 0; ; boundary += 1) {
      const left = ground.state()
      last = left
      const recovery = await recoverOverWire(recordWrite(1 + Math.floor(boundary / 2), boundary % 2 === 0 ? 'before' : 'after'))
      if (recovery !== null) {
        // At least those around the write that takes over and around the one that closes.
        expect(boundary).toBeGreaterThanOrEqual(4)
        break
      }
      ground.observer.note(`-- killed at boundary ${boundary} of recovery`)
      survived.push({ undertaking: 'recovery', left, recovery: 0 })
    }
    const now = ground.state()
    expect(wrongOutcome(last, now)).toEqual([])
    // Whatever came in between, the direction is that of the first kill.
    expect(wrongOutcome(first, now).filter((wrong) => wrong.includes('is active'))).toEqual([])
    expect(new Set(await ground.served())).toEqual(new Set([ground.state().activeTag]))
    await unpauseIfHeld(ground)
  })
}

async function dieAt(undertaking: Undertaking, { wire }: Wired): Promise<void> {
  await ground.tripwire.arm({ ...wire, signal: 'SIGKILL' })
  await askFor(ground, undertaking)
  if (!(await diesOrEnds(ground))) throw new Error('the operation ended before the place of the kill was reached')
  await ground.tripwire.disarm()
}

onLinux('a daemon that is killed while it recovers, again and again', () => {
  it.each([
    { phase: 'preparing', number: 8 },
    { phase: 'switching', number: 2 },
    { phase: 'swapping', number: 2 },
  ] as const)('fault 8: at each boundary of the undo of an operation killed in $phase, comes to the same end', ({ phase, number }) =>
    killThroughRecovery(forward(ground), inPhase(phase, number)))

  it('fault 8: at each boundary of the way forward after the commit point, comes to the same end', () => killThroughRecovery(forward(ground), inPhase('retiring', 1)))

  it('fault 8: ten times at a random instant of one undo, is not kept from it', async () => {
    await inStory(ground, 'ten kills in one undo', async () => {
      await dieAt(forward(ground), inPhase('swapping', 2))
      for (let kill = 0; kill < 10; kill += 1) {
        const left = ground.state()
        const daemon = await ground.launch()
        await new Promise((resolve) => setTimeout(resolve, 100 + 150 * kill * Math.random()))
        await daemon.kill()
        survived.push({ undertaking: 'recovery', left, recovery: 0 })
      }
      survived.push(await recoverFrom(ground, 'recovery'))
    })
  })
})

onLinux('a daemon that is killed while it makes sure that it is the only one', () => {
  it.each([
    { of: 'state directory', to: /\/\.updater\.sock\.taking$/ },
    { of: 'routes file', to: /\/\.updater-routes\.sock\.taking$/ },
  ])('with the taking of the $of begun, keeps the next one waiting and not out', async ({ of, to }) => {
    await inStory(ground, `killed while it takes the ${of}`, async () => {
      await ground.running().kill()
      const left = ground.state()
      await ground.tripwire.arm({ to, number: 1, side: 'after', signal: 'SIGKILL' })
      await (await ground.launch()).ended
      await ground.tripwire.disarm()
      survived.push({ undertaking: 'recovery', left, recovery: 0 }, await recoverFrom(ground, 'recovery'))
    })
  })
})

onLinux('a daemon that crashes in a loop', () => {
  it('fault 9: is kept from a fourth attempt by a hold after three, and has undone each', async () => {
    await inStory(ground, 'a crash loop with polling on', async () => {
      if (ground.state().activeTag !== releases.first) {
        await askFor(ground, 'rollback')
        await diesOrEnds(ground)
      }
      await ground.unpause()
      const { activeColor } = ground.state()
      await ground.stack.project.publish('v1.7.0')
      await ground.running().kill()

      expect(await crashUntilHeld()).toBe(3)
      expect(ground.state()).toMatchObject({ operation: null, activeTag: releases.first, activeColor, paused: true, failuresInARow: 3 })
      await anotherLookAtTheRemote()
      await anotherLookAtTheRemote()
      expect(ground.state()).toMatchObject({ operation: null, activeTag: releases.first, activeColor, paused: true, failuresInARow: 3 })
      expect(new Set(await ground.served())).toEqual(new Set([releases.first]))
    })
  })
})

/** An attempt builds its release; on a busy machine that takes long, ms. */
const attemptLimit = 180_000

/** Starts polling daemons that die as soon as the first container of a new color has been made. @returns how many attempts there were */
async function crashUntilHeld(): Promise<number> {
  const attempts = new Set<string | undefined>()
  await ground.tripwire.arm({ to: /\/containers\/[0-9a-f]{64}\/container\.json$/, number: 1, side: 'after', signal: 'SIGKILL' })
  while (attempts.size <= 3) {
    const daemon = await ground.launch({ AUTO_UPDATE_ENABLED: 'true', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '* * * * * *' })
    const end = await eventually('a death or a hold', () => {
      const { holds, operation } = ground.state()
      return !daemon.alive ? 'dead' : holds.length > 0 && operation === null ? 'held' : null
    }, attemptLimit)
    if (end === 'held') break
    const left = ground.state()
    attempts.add(left.operation?.id)
    survived.push({ undertaking: 'apply', left, recovery: 0 })
  }
  await ground.running().up
  await ground.tripwire.disarm()
  return attempts.size
}

async function anotherLookAtTheRemote(): Promise<void> {
  const lookedAt = async (): Promise<unknown> => at((await ground.stack.updater.get('/status')).body, 'polling', 'last_look_at')
  const last = await lookedAt()
  await eventually('another look at the remote', async () => ((await lookedAt()) === last ? null : true))
}

onLinux('all of this', () => {
  it('failed no request', (context) => {
    tellSurvival(context, ground, survived)
    expect(ground.load.failed).toEqual([])
    expect(ground.load.sent).toBeGreaterThan(100)
  })
})
