import { afterAll, beforeAll, expect, it } from 'vitest'
import { tellSurvival } from './figures.ts'
import { openRecoveredGround, openingLimit, type Ground } from './ground.ts'
import { containerOf } from './observer/processes.ts'
import { onLinux } from './on-linux.ts'
import { forward, surviveKill, type Place, type Survived, type Undertaking } from './survival.ts'

let ground: Ground
const survived: Survived[] = []
beforeAll(async () => {
  ground = await openRecoveredGround()
}, openingLimit)
afterAll(() => ground.end())

async function survive(undertaking: Undertaking, place: Place): Promise<Survived> {
  const hit = await surviveKill(ground, undertaking, place)
  if (hit === null) throw new Error('the operation ended before the place of the kill was reached')
  survived.push(hit)
  return hit
}

/** The write of the record that says this, or the file that gets this name. */
const write = (holding: RegExp, side: 'before' | 'after', number = 1): Place => ({ wire: { to: /\/updater-state\.json$/, holding, number, side } })
/** Of the open operation, not of the last result. */
const completed = (step: string): RegExp => new RegExp(`"step": "${step}[^"]*",\\s+"stepsCompleted": \\[[^\\]]*"${step}`)
const file = (to: RegExp, side: 'before' | 'after', number = 1): Place => ({ wire: { to, number, side } })
const container = (service: string): string => {
  const id = containerOf(`${ground.stack.project.root}/sandbox`, service)
  if (id === undefined) throw new Error(`${service} has no container`)
  return id
}

/** Runs while nothing is built yet, so these come first. */
onLinux('a daemon that is killed before the switch', () => {
  it('fault 1: with the fetch under way, lets the old release serve and counts the attempt', async () => {
    const { left } = await survive('apply', write(/"step": "git_fetch_tags"/, 'after'))
    expect(left).toMatchObject({ operation: { phase: 'preparing', step: 'git_fetch_tags' }, failuresInARow: 0 })
  })

  it('fault 1: in the middle of a build, after an image is written and before it is one, begins anew with the next apply', async () => {
    const { left } = await survive('apply', file(/\/images\/[^/]+\/[0-9a-f]{64}$/, 'before'))
    expect(left).toMatchObject({ operation: { phase: 'preparing', step: 'docker_build' }, failuresInARow: 1 })
  })

  it('fault 1: with an image built and another one not, holds rollouts at the third time in a row', async () => {
    const { left } = await survive('apply', file(/\/images\/[^/]+\/[0-9a-f]{64}$/, 'after'))
    expect(left).toMatchObject({ operation: { phase: 'preparing', step: 'docker_build' }, failuresInARow: 2 })
  })

  it('fault 2: after the start of the new color and before that is recorded, takes it away again', async () => {
    const { left } = await survive(forward(ground), write(completed('start_'), 'before'))
    expect(left).toMatchObject({ operation: { phase: 'preparing', step: expect.stringContaining('start_zetherion-ai-skills-') } })
  })

  it('fault 3: before the rename of the routes, lets the old release serve', async () => {
    const { left } = await survive(forward(ground), file(/\/updater-routes\.yml$/, 'before'))
    expect(left).toMatchObject({ operation: { phase: 'switching', step: 'route_switch' } })
  })
})

onLinux('a daemon that is killed between the switch and the commit point', () => {
  it('fault 4: after the rename of the routes and before that is recorded, brings the traffic back', async () => {
    const { left } = await survive(forward(ground), file(/\/updater-routes\.yml$/, 'after'))
    expect(left).toMatchObject({ operation: { phase: 'switching', step: 'route_switch' } })
  })

  it('fault 5: after the routed gate, brings the traffic back', async () => {
    const { left } = await survive(forward(ground), write(/"phase": "swapping"/, 'before'))
    expect(left).toMatchObject({ operation: { phase: 'switching' } })
  })

  it('fault 5: with the commit written and not yet in its place, undoes everything', async () => {
    const { left } = await survive(forward(ground), write(/"phase": "retiring"/, 'before'))
    expect(left).toMatchObject({ operation: { phase: 'swapping' } })
  })

  it.each(['before', 'after'] as const)('fault 6: %s the stopped bot is removed and with no new one started, brings the old bot back, exactly one', async (side) => {
    const { left } = await survive(forward(ground), file(new RegExp(`/\\.removed-${container('zetherion-ai-bot')}$`), side))
    expect(left).toMatchObject({ operation: { phase: 'swapping', step: 'restart_bot' } })
  })
})

onLinux('a daemon that is killed after the commit point', () => {
  it('fault 7: with the stop of the old color asked for and not carried out, goes forward', async () => {
    const { left } = await survive(forward(ground), file(new RegExp(`/${container(`zetherion-ai-skills-${ground.state().activeColor}`)}/stop\\.json$`), 'after'))
    expect(left).toMatchObject({ operation: { phase: 'retiring', step: 'stop_old_color' } })
  })

  it('fault 7: with the old color stopped and that not recorded, goes forward', async () => {
    const { left } = await survive(forward(ground), write(completed('stop_old_color'), 'before'))
    expect(left).toMatchObject({ operation: { phase: 'retiring', step: 'stop_old_color' } })
  })
})

onLinux('all of this', () => {
  it('failed no request', (context) => {
    tellSurvival(context, ground, survived)
    expect(ground.load.failed).toEqual([])
    expect(ground.load.sent).toBeGreaterThan(100)
  })
})
