import { dirname } from '../../../src/rollout/paths.ts'
import type { Effect } from '../world/effects.ts'
import { places } from '../world/state-directory.ts'
import type { World } from '../world/world.ts'
import type { Onlooker, Playing } from './exhaustive-play.ts'
import { isDeath, type Kind, type Strike } from './scenarios.ts'

/** Campaigns, each in a test file of its own. */
export const campaigns = [
  'applying', 'undoing', 'requests', 'recovery',
  'pairs of applying', 'pairs of undoing', 'pairs of recovery', 'pairs of refusing', 'pairs of waiting', 'pairs of pausing',
  'pairs of cancelling', 'pairs of idle', 'pairs of leaving', 'pairs of lost', 'pairs of found',
] as const

export type Campaign = (typeof campaigns)[number]

/** Something that a campaign must have come to. One that never does proves less than it says. */
export interface Situation {
  readonly name: string
  readonly in: Campaign
  /** Whether this fault makes the situation; the world is as the fault finds it. */
  readonly struck?: Struck
  /** Whether it came to it, judged at the end. */
  readonly ended?: (playing: Playing) => boolean
}

/** Situations of which a crash-proof updater is afraid. */
export const situations: readonly Situation[] = [
  // The switch and the commit point.
  { name: 'killed after the rename of the routes, before it was recorded', in: 'applying', struck: by(['crash after'], 'router.activate', ({ phase }) => phase === 'switching') },
  { name: 'the routes were switched and the switch was reported as failed', in: 'applying', struck: by(['takes effect but fails'], 'router.activate', ({ phase }) => phase === 'switching') },
  { name: 'the commit was reported as failed and is on the disk', in: 'applying', struck: committing('takes effect but fails') },
  { name: 'the commit was reported as failed and is not on the disk', in: 'applying', struck: committing('fails') },
  { name: 'the commit hung', in: 'applying', struck: committing('hangs') },
  { name: 'killed before the commit reached the disk', in: 'applying', struck: committing('crash before') },
  { name: 'killed after the commit, before anybody was told', in: 'applying', struck: committing('crash after') },
  { name: 'the power failed right after the commit', in: 'applying', struck: committing('power cut after') },
  { name: 'one half of the old color stopped, the other not', in: 'applying', struck: by(['fails'], 'runtime.stop', ({ phase }) => phase === 'retiring') },
  { name: 'a build that hung to the end of its budget', in: 'applying', struck: by(['hangs'], 'runtime.build') },
  { name: 'a standby whose start came after it was given up', in: 'applying', struck: by(['takes effect late'], 'runtime.up', ({ effect }) => effect.services?.includes('skills-green') === true) },
  { name: 'killed with no bot: the old one removed, the new one not yet made', in: 'applying', struck: by(['crash before'], 'runtime.up', ({ world }) => world.stack.engine.of('bot').length === 0) },
  { name: 'killed between the bot\'s stop and its removal', in: 'applying', struck: by(['crash before'], 'runtime.remove', ({ world }) => world.stack.engine.of('bot')[0]?.state === 'exited') },
  { name: 'a new bot that came up after its start was given up', in: 'applying', struck: by(['takes effect late'], 'runtime.up', ({ effect }) => effect.services?.includes('bot') === true) },
  { name: 'a history that could not be written', in: 'applying', struck: by(['fails'], 'history.append') },
  // What is not on the platter yet.
  { name: 'power cut between the rename of the routes and the directory\'s sync', in: 'applying', struck: cutBeforeSync(dirname(places.routes), ({ stack }) => stack.durableGeneration !== stack.traefik.says?.generation) },
  { name: 'power cut between the rename of the record and the directory\'s sync', in: 'applying', struck: cutBeforeSync(dirname(places.record), ({ stack }) => stack.durableRecord?.sequence !== stack.record?.sequence) },
  { name: 'power cut while a record was being written', in: 'applying', struck: by(['power cut before'], 'files.sync') },
  { name: 'an fsync that failed', in: 'applying', struck: by(['fails'], 'files.sync') },
  { name: 'a rename that failed', in: 'applying', struck: by(['fails'], 'files.rename') },
  { name: 'a question that was never answered', in: 'applying', struck: ({ fault }) => fault.level === 'question' && fault.kind === 'hangs' },
  { name: 'an answer that was out of date when it came', in: 'applying', struck: ({ fault }) => fault.kind === 'stale' },
  // The undo.
  { name: 'killed during undo, the traffic back and the new bot still there', in: 'undoing', struck: undoing(['crash after'], ({ world }) => world.stack.routed === 'blue' && botIs(world, 'v1.1.0')) },
  { name: 'killed during undo after the bot was replaced', in: 'undoing', struck: undoing(['crash before', 'crash after'], ({ world, effect, phase }) => phase === 'swapping' && botIs(world, 'v1.0.0') && isReplaced(world) && !effect.name.startsWith('source.')) },
  { name: 'an undo with the standby half removed', in: 'undoing', struck: undoing(['fails'], ({ effect }) => effect.name === 'runtime.remove' && effect.services?.some((service) => service.endsWith('-green')) === true) },
  { name: 'the prepared way back could not be brought into force', in: 'undoing', struck: undoing(['fails'], ({ effect }) => effect.name === 'router.activate') },
  { name: 'the closing of an undone operation was reported as failed and is on the disk', in: 'undoing', struck: undoing(['takes effect but fails'], ({ effect }) => effect.record?.operation === null) },
  { name: 'power cut during undo', in: 'undoing', struck: undoing(['power cut before', 'power cut after'], () => true) },
  { name: 'the old bot could not be started at once', in: 'undoing', struck: undoing(['fails'], ({ effect }) => effect.name === 'runtime.up') },
  // What people ask for.
  { name: 'an acknowledged pause that outlived its daemon', in: 'requests', ended: ({ scenario, daemons, world }) => scenario.name.startsWith('pausing') && daemons.length > 1 && (world.stack.record?.holds.some(({ origin }) => origin === 'operator') ?? false) },
  { name: 'an unpause whose write was reported as failed and is on the disk', in: 'requests', struck: (strike, { scenario }) => scenario.name.startsWith('unpausing') && strike.fault.kind === 'takes effect but fails' && strike.effect.record?.holds.length === 0 },
  { name: 'killed while it left in order', in: 'requests', struck: ({ fault, effect }, { scenario }) => isDeath(fault.kind) && scenario.name.startsWith('SIGTERM') && effect.record?.operation?.stoppedCleanly === true },
  { name: 'killed in a rollout that polling began', in: 'requests', struck: ({ fault, durable }, { scenario }) => isDeath(fault.kind) && scenario.name.startsWith('polling takes') && durable?.operation?.origin === 'polling' },
  // Recovery itself.
  { name: 'R8 gave up and the new color was kept, as in R10', in: 'recovery', ended: ({ daemons }) => daemons.some(({ logged }) => logged.some((line) => line.includes('Recovery R8'))) && daemons.some(({ updater }) => updater.status().lastResult?.error?.includes('goes on serving') === true) },
  { name: 'killed while recovery undid', in: 'recovery', struck: ({ fault, durable }, { daemons, scenario }) => isDeath(fault.kind) && scenario.name.startsWith('R7') && daemons.length <= 1 && durable?.operation?.phase === 'swapping' },
  { name: 'killed in the first start', in: 'recovery', struck: ({ fault }, { scenario }) => isDeath(fault.kind) && scenario.name.startsWith('R3') },
  { name: 'a start of a stopped container that came after it was given up', in: 'recovery', struck: by(['takes effect late'], 'runtime.start') },
  { name: 'one bot too many whose removal failed', in: 'recovery', struck: by(['fails'], 'runtime.remove', ({ world }) => world.stack.engine.of('bot').length > 1) },
  { name: 'the hold of R15 could not be written', in: 'recovery', struck: ({ fault, effect }, { scenario }) => fault.kind === 'fails' && scenario.name.startsWith('R15') && (effect.record?.holds.length ?? 0) > 0 },
  // Two at a time.
  { name: 'two failures in one rollout', in: 'pairs of applying', ended: ({ strikes }) => strikes.length === 2 && strikes.every(({ fault }) => fault.kind === 'fails') },
  { name: 'the commit undetermined, then killed before any later write', in: 'pairs of applying', ended: ({ strikes: [first, second] }) => first?.fault.kind === 'takes effect but fails' && first.effect.record?.operation?.phase === 'retiring' && second?.fault.kind === 'crash before' },
  { name: 'killed in a rollout, and again in its undo', in: 'pairs of applying', ended: (playing) => twoDeaths(playing) && diesUndoing(playing.strikes[1]) && !hasTurned(playing.strikes[0]) },
  { name: 'killed twice in one undo', in: 'pairs of undoing', ended: (playing) => twoDeaths(playing) && playing.strikes.every(hasTurned) && diesUndoing(playing.strikes[1]) },
  { name: 'power cut twice', in: 'pairs of undoing', ended: ({ world, strikes }) => strikes.length === 2 && world.stack.cuts === 2 },
  { name: 'an undo that failed, and then was killed', in: 'pairs of undoing', ended: ({ strikes: [first, second] }) => first?.fault.kind === 'fails' && hasTurned(first) && second !== undefined && isDeath(second.fault.kind) },
  { name: 'two faults in recovery', in: 'pairs of recovery', ended: ({ strikes }) => strikes.length === 2 },
  { name: 'two daemons that died in recovery, and a third that ended it', in: 'pairs of recovery', ended: ({ daemons }) => daemons.length >= 3 },
  { name: 'a build that failed, and then a death before that was recorded', in: 'pairs of refusing', ended: ({ strikes: [first, second] }) => first?.fault.kind === 'fails' && first.effect.name === 'runtime.build' && second?.fault.kind === 'crash before' && second.effect.name === 'store.write' },
  { name: 'a standby that came up late, for a daemon that had died', in: 'pairs of refusing', ended: ({ strikes: [first, second], daemons }) => first?.fault.kind === 'takes effect late' && first.effect.name === 'runtime.up' && second !== undefined && isDeath(second.fault.kind) && daemons.length >= 2 },
  { name: 'a stop that was waited for when the power failed', in: 'pairs of waiting', ended: ({ strikes: [first, second] }) => first?.effect.name === 'runtime.stop' && second?.fault.kind.startsWith('power') === true },
  { name: 'an acknowledged pause that outlived two daemons', in: 'pairs of pausing', ended: ({ daemons, world }) => daemons.length >= 3 && (world.stack.record?.holds.some(({ origin }) => origin === 'operator') ?? false) },
  { name: 'cancelled, and killed twice on the way back', in: 'pairs of cancelling', ended: (playing) => twoDeaths(playing) && playing.strikes.every(({ durable }) => durable?.operation?.failure?.code === 'cancelled') },
  { name: 'killed twice in a rollout that polling began', in: 'pairs of idle', ended: (playing) => twoDeaths(playing) && playing.strikes.every(({ durable }) => durable?.operation?.origin === 'polling') },
  { name: 'killed while it left in order, and again in the next life', in: 'pairs of leaving', ended: (playing) => twoDeaths(playing) && playing.strikes[0]?.effect.record?.operation?.stoppedCleanly === true },
  { name: 'the old color could not be started twice', in: 'pairs of lost', ended: ({ strikes }) => strikes.length === 2 && strikes.every(({ fault, effect }) => fault.kind === 'fails' && effect.name === 'runtime.start') },
  { name: 'an operation was found open for the third time, and that held', in: 'pairs of found', ended: ({ scenario, world }) => scenario.name.startsWith('R6') && (world.stack.record?.holds.some(({ origin }) => origin === 'recovery') ?? false) },
  { name: 'killed twice in the first start', in: 'pairs of found', ended: (playing) => twoDeaths(playing) && playing.scenario.name.startsWith('R3') },
  ...Array.from({ length: 17 }, (_, at): Situation => ({ name: `R${at + 1} was reached`, in: 'recovery', ended: (playing) => rowsOf(playing).has(at + 1) })),
]

/** Watches a campaign for what it comes to. */
export class Sightings implements Onlooker {
  readonly #campaign: Campaign
  readonly #left: Set<Situation>

  constructor(campaign: Campaign, of: readonly Situation[] = situations) {
    this.#campaign = campaign
    this.#left = new Set(of.filter((situation) => situation.in === campaign))
  }

  struck(playing: Playing, strike: Strike): void {
    for (const situation of this.#left) if (situation.struck?.(strike, playing) === true) this.#left.delete(situation)
  }

  ended(playing: Playing): void {
    for (const situation of this.#left) if (situation.ended?.(playing) === true) this.#left.delete(situation)
  }

  /** What the campaign never came to. */
  missing(): string[] {
    return [...this.#left].map(({ name }) => `${this.#campaign}: ${name}`)
  }
}

/** Rows of the recovery table that the daemons of a scenario have come to, as they told. */
function rowsOf({ daemons }: Playing): ReadonlySet<number> {
  const rows = new Set<number>()
  for (const { logged, updater } of daemons) {
    for (const line of logged) {
      const row = /Recovery R(\d+):/.exec(line)?.[1]
      if (row !== undefined) rows.add(Number(row))
      if (line.includes('Took over')) rows.add(line.includes('First start') ? 3 : 4)
    }
    if (updater.status().observing !== null) rows.add(1)
  }
  return rows
}

type Struck = (strike: Strike, playing: Playing) => boolean

interface Sight {
  readonly world: World
  readonly effect: Effect
  /** Phase of the operation that is durably open. */
  readonly phase: string | null
}

function by(kinds: readonly Kind[], name: string, when: (sight: Sight) => boolean = () => true): Struck {
  return ({ fault, effect, durable }, { world }) =>
    kinds.includes(fault.kind) && effect.name === name && when({ world, effect, phase: durable?.operation?.phase ?? null })
}

function committing(kind: Kind): Struck {
  return by([kind], 'store.write', ({ effect, phase }) => effect.record?.operation?.phase === 'retiring' && phase === 'swapping')
}

function undoing(kinds: readonly Kind[], when: (sight: Sight) => boolean): Struck {
  return (strike, { world }) =>
    kinds.includes(strike.fault.kind) && hasTurned(strike) && when({ world, effect: strike.effect, phase: strike.durable?.operation?.phase ?? null })
}

/** Whether the rollout had turned round durably. */
function hasTurned(strike: Strike | undefined): boolean {
  return (strike?.durable?.operation?.failure ?? null) !== null
}

function cutBeforeSync(directory: string, when: (world: World) => boolean): Struck {
  return by(['power cut before'], 'files.syncDirectory', ({ effect, world }) => effect.path === directory && when(world))
}

function botIs({ stack }: World, tag: string): boolean {
  const [bot] = stack.engine.of('bot')
  return bot !== undefined && `v${bot.image.version}` === tag
}

/** The bot that runs was made again: it is not the one that the operation found. */
function isReplaced({ stack }: World): boolean {
  const found = stack.durableRecord?.operation?.singletonsBefore.map(({ containerId }) => containerId) ?? []
  return stack.engine.of('bot').every(({ id }) => !found.includes(id))
}

/** An undo that a daemon that died had begun goes on as recovery's, with the operation still open. */
function diesUndoing(strike: Strike | undefined): boolean {
  const phase = strike?.durable?.operation?.phase
  return phase !== undefined && phase !== 'retiring'
}

function twoDeaths({ strikes, daemons }: Playing): boolean {
  return strikes.length === 2 && strikes.every(({ fault }) => isDeath(fault.kind)) && daemons.length >= 3
}
