import type { UpdaterRecord } from '../../../src/rollout/model.ts'
import { settle, unsettled } from '../at-rest.ts'
import { apply, killIn } from '../operator.ts'
import { halt, routeByHand, sicken } from '../outside.ts'
import { commitOf } from '../world/releases.ts'
import { damageRecord, leaveNewerRecord, removeRecord, restoreRecord } from '../world/state-directory.ts'
import { watchInterval, World } from '../world/world.ts'
import { installed, upgraded } from './scenarios-operations.ts'
import { isDeath, nothingTold, type Ending, type Scenario, type Strike, type Told } from './scenarios.ts'

/** R7: a daemon died in the middle of replacing the bot. */
export const foundSwapping = found('R7: found swapping', {
  rows: [7],
  begin: () => killed('health_bot'),
  always: { serves: ['v1.0.0'], held: true, quarantine: [] },
})

/** R8 to R10: a daemon died in the middle of replacing the bot, and the color to go back to is not well. */
export const oldColorLost: readonly Scenario[] = [
  found('R8: the old color stopped', {
    rows: [8, 7],
    begin: () => killed('health_bot', (world) => halt(world, 'blue')),
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R8: the old color removed', {
    rows: [8, 7],
    begin: () => killed('health_bot', async (world) => {
      await halt(world, 'blue')
      for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.discard(instance)
    }),
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R8: the old color gone, with its images: given up after three tries, as in R10', {
    rows: [8],
    begin: () => killed('health_bot', async (world) => {
      await halt(world, 'blue')
      for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.discard(instance)
      world.stack.images.prune(world.stack.images.unneeded(new Set([commitOf('v1.1.0')])))
    }),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
    unsettled: unsettledOnGreen,
  }),
  found('R9: neither color healthy', {
    rows: [9, 7],
    begin: () => killed('health_bot', (world) => {
      sicken(world, 'blue')
      sicken(world, 'green')
    }),
    mend: (world) => sicken(world, 'blue', false),
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R10: only the new color healthy', {
    rows: [10],
    begin: () => killed('health_bot', (world) => sicken(world, 'blue')),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
    unsettled: unsettledOnGreen,
  }),
]

/** What else a daemon finds at its start, or a look when idle, and puts right: the effects of recovery itself. */
export const recoveries: readonly Scenario[] = [
  found('R1: a record of a newer version', {
    rows: [1],
    async begin() {
      const world = new World()
      leaveNewerRecord(world.stack.disk, 9)
      return world
    },
    always: {},
    unsettled: ({ stack }) => (stack.effects.done.length === 0 ? [] : ['something was done']),
  }),
  found('R2: the engine does not answer while the rollout is open', {
    rows: [2, 7],
    begin: () => killed('health_bot', (world) => { world.stack.engine.fault = 'connect ENOENT' }),
    mend: (world) => { world.stack.engine.fault = null },
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R3: the first start', { rows: [3, 13], begin: async () => new World(), always: { serves: ['v1.0.0'], held: false, quarantine: [] } }),
  found('R4: a damaged record', {
    rows: [4],
    begin: async () => dead(await upgraded(), (world) => damageRecord(world.stack.disk)),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R4: a damaged record, and no bot', {
    rows: [4, 16],
    begin: () => killed('health_bot', (world) => {
      damageRecord(world.stack.disk)
      remove(world, 'bot')
    }),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R4: the record is gone, the routed color too, the other one is healthy', {
    rows: [4, 15],
    begin: () => killed('health_routed_skills', (world) => {
      removeRecord(world.stack.disk)
      remove(world, 'skills-green', 'api-green')
    }),
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R4: a damaged record, the routed color is gone and the other one is stopped', {
    rows: [4, 16],
    begin: async () => dead(await upgraded(), (world) => {
      damageRecord(world.stack.disk)
      remove(world, 'skills-green', 'api-green')
    }),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R4: an older copy of the record, and no bot', {
    rows: [4, 16],
    begin: async () => {
      const world = await restored((record) => record.operation === null)
      remove(world, 'bot')
      return world
    },
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R4: an older copy of the record, of before the release that serves', {
    rows: [4],
    begin: () => restored((record) => record.operation === null),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R4: an older copy of the record, with an operation that has long ended', {
    rows: [4],
    begin: () => restored((record) => record.operation?.step === 'docker_build'),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R5: more than one bot, idle', {
    rows: [5],
    begin: async () => dead(await upgraded(), secondBot),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
  }),
  found('R5: more than one bot, before the commit point', {
    rows: [5, 7],
    begin: () => killed('health_bot', secondBot),
    always: { serves: ['v1.0.0'], held: true, quarantine: [] },
  }),
  found('R6: found preparing', {
    rows: [6],
    begin: () => killed('health_preview_api'),
    always: { serves: ['v1.0.0'], held: false, quarantine: [] },
    afterSeveral: holdsWhatEndsItThreeTimes,
  }),
  found('R11: found retiring', {
    rows: [11],
    begin: () => killed('drain'),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
    afterSeveral: holdsWhatEndsItThreeTimes,
  }),
  found('R12: found retiring, the other color routed', {
    rows: [12],
    begin: () => killed('drain', (world) => routeByHand(world, 'blue')),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R13: our color in another text', {
    rows: [13],
    begin: async () => dead(await upgraded(), (world) => routeByHand(world, 'green')),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
  }),
  found('R14: the other color routed by hand and healthy', {
    rows: [14],
    begin: async () => dead(await upgraded(), async (world) => {
      await launch(world)
      routeByHand(world, 'blue')
    }),
    // The bot is still of the release that was left: what runs is told, and held.
    always: { held: true, quarantine: [] },
    unsettled: (world) => unsettled(world).filter((wrong) => !wrong.startsWith('bot') && !wrong.startsWith('the tag of bot')),
  }),
  found('R15: the routes are missing', {
    rows: [15],
    begin: async () => dead(await upgraded(), (world) => world.stack.traefik.replaced(null)),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R15: the routes lead to a stopped color', {
    rows: [15],
    begin: async () => dead(await upgraded(), (world) => routeByHand(world, 'blue')),
    always: { serves: ['v1.1.0'], held: true, quarantine: [] },
  }),
  found('R16: bot and active color are down', {
    rows: [16],
    begin: async () => dead(await upgraded(), async (world) => {
      await halt(world, 'green')
      const [bot] = world.stack.engine.of('bot')
      if (bot !== undefined) world.stack.engine.discard(bot)
    }),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
  }),
  found('R17: the standby runs', {
    rows: [17],
    begin: async () => dead(await upgraded(), launch),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
  }),
]

/** What an operator is to look at goes on serving: the rest of the stack is as it was found. */
function unsettledOnGreen({ stack, updater }: World): string[] {
  return [
    ...(stack.record?.operation === null ? [] : ['an operation is open']),
    ...(stack.routed === 'green' ? [] : [`the file serves ${stack.routed}`]),
    ...(updater.status().activeColor === 'green' ? [] : ['the status tells another color']),
  ]
}

interface Found {
  readonly rows: readonly number[]
  readonly begin: () => Promise<World>
  /** Mends what was broken from outside, half a minute later. */
  readonly mend?: (world: World) => void
  readonly always: Ending
  readonly afterSeveral?: (strikes: readonly Strike[]) => Ending
  readonly unsettled?: (world: World) => string[]
}

function found(name: string, { rows, begin, mend, always, afterSeveral, unsettled: still }: Found): Scenario {
  return {
    name, rows, begin, always,
    async act(world): Promise<Told> {
      await world.start()
      if (mend === undefined) return nothingTold
      await world.pass(3 * watchInterval)
      mend(world)
      return nothingTold
    },
    ends: () => always,
    ...(afterSeveral !== undefined && { afterSeveral }),
    ...(still !== undefined && { unsettled: still }),
  }
}

/**
 * Found open for the third time, an operation holds rollouts (design.md, "Causes": interruptions, three in a row, counted
 * durably at start). That a start was counted is told by the record's epoch, which the same write raises: 1 in the life that
 * was killed in the operation, and 3 after two more starts that found it open. Whoever dies then leaves it to the one that holds.
 */
function holdsWhatEndsItThreeTimes(strikes: readonly Strike[]): Ending {
  const last = strikes.at(-1)
  const left = last !== undefined && isDeath(last.fault.kind) ? last.durable : null
  return { held: left !== null && left.operation !== null && left.epoch >= 3 }
}

type Change = (world: World) => void | Promise<void>

/** A daemon killed in this step of an apply, and what happened to the world since. */
async function killed(step: string, change?: Change): Promise<World> {
  const world = await installed('good')
  await killIn(world, 'v1.1.0', step)
  return dead(world, change)
}

/** What is broken from outside is not held against the daemon until it is mended. */
async function dead(world: World, change?: Change): Promise<World> {
  world.daemon.life.end()
  if (change === undefined) return world
  world.disturbed = true
  await change(world)
  return world
}

/** A stack on v1.1.0, its record replaced by a copy from the rollout: the last one of which this is so. */
async function restored(isTheCopy: (record: UpdaterRecord) => boolean): Promise<World> {
  const world = await installed('good')
  let copy: UpdaterRecord | null = world.stack.record
  world.stack.effects.interference = async (effect, run) => {
    const answer = await run()
    const { record } = world.stack
    if (effect.name === 'store.write' && record?.active.tag === 'v1.0.0' && isTheCopy(record)) copy = structuredClone(record)
    return answer
  }
  await apply(world, 'v1.1.0')
  await settle(world)
  return dead(world, ({ stack }) => {
    if (copy === null) throw new Error('there is no copy')
    restoreRecord(stack.disk, copy)
  })
}

function remove({ stack: { engine } }: World, ...services: readonly string[]): void {
  for (const instance of services.flatMap((service) => engine.of(service))) engine.discard(instance)
}

async function launch(world: World): Promise<void> {
  for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.launch(instance)
  await world.pass(1_000)
}

function secondBot(world: World): void {
  const image = world.stack.images.get('bot', commitOf('v1.0.0'))
  if (image === undefined) throw new Error('there is no image')
  world.stack.engine.launch(world.stack.engine.create('bot', image, true))
}
