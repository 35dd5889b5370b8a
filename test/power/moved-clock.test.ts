import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellLoad } from '../kill/figures.ts'
import { openGround, type Ground } from '../kill/ground.ts'
import { askFor, diesOrEnds, inStory, possible } from '../kill/survival.ts'
import { eventually } from '../sandbox/daemon/waiting.ts'

let ground: Ground
let ahead: string
beforeAll(async () => {
  ground = await openGround()
  ahead = join(ground.stack.project.root, 'clock-is-ahead')
  await ground.recover({
    NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('moved-clock.cjs', import.meta.url)))}`,
    ZETHERION_TEST_CLOCK_AHEAD: ahead,
  })
})
afterAll(() => ground.end())

test.for([
  ['ahead', () => writeFile(ahead, '')],
  ['back', () => rm(ahead)],
] as const)('fault 20: a clock that is set %s by a day in the middle of a rollout costs no lock, ends no wait and hurts no request', async ([where, move], context) => {
  await inStory(ground, `the clock set ${where}`, async () => {
    const before = ground.state()
    await askFor(ground, possible(ground)[0])
    await eventually('the rollout being under way', () => (ground.state().operation === null ? null : true))
    await move()
    expect(await diesOrEnds(ground)).toBe(false)
    await eventually('the operation being closed', () => (ground.state().operation === null ? true : null))
    expect(ground.state()).toMatchObject({ paused: false, epoch: before.epoch })
    expect(ground.state().activeTag).not.toBe(before.activeTag)
    // A second daemon believes the socket, not the clock.
    await expect(ground.stack.startUpdater({ env: { UPDATER_PORT: '0' } })).rejects.toThrow('ended with code 1')
    expect(ground.running().alive).toBe(true)
  })
  if (where === 'back') tellLoad(context, ground)
})
