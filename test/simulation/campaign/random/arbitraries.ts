import { array, boolean, constant, constantFrom, integer, nat, noBias, oneof, record, tuple, type Arbitrary } from 'fast-check'
import type { ReleaseKind } from '../../world/releases.ts'
import type { AwaitedPhase, Command, HitKind, Move, Outage, Schedule, Setting, TopologyName, Turn, Wait, Which } from './schedule.ts'

const wellOrNot: readonly ReleaseKind[] = [
  'good', 'bot dies', 'bot never healthy', 'broken when routed', 'broken through Traefik', 'never healthy', 'exits', 'does not build', 'build hangs', 'preflight refuses',
]
const kinds: readonly HitKind[] = ['crash after', 'crash before', 'takes effect but fails', 'fails', 'crash during', 'hangs', 'takes effect late', 'power cut after', 'power cut before']
const kindsOfFiles: readonly HitKind[] = ['crash after', 'crash before', 'takes effect but fails', 'fails', 'power cut after', 'power cut before']
const callsOfFiles: readonly string[] = ['files.rename', 'files.syncDirectory', 'files.sync', 'files.write', 'files.create']
const commands: readonly Command[] = ['compose up', 'compose restart', 'crash', 'engine killed', 'engine restarted', 'reboot', 'git pull', 'image prune']
const names: readonly string[] = [
  'store.write', 'router.activate', 'router.stage', 'runtime.up', 'runtime.stop', 'runtime.remove', 'runtime.tag', 'runtime.start', 'runtime.build',
  'runtime.keepImage', 'source.fetch', 'source.checkout', 'source.bringTree', 'history.append',
]
const outages: readonly Outage[] = [
  'engine down', 'engine hangs', 'Traefik down', 'Traefik does not follow', 'storage fails', 'remote down', 'engine disk full', 'tree conflicts',
]
const questions: readonly string[] = ['runtime.containers', 'runtime.missingImages', 'probe.direct', 'probe.routed', 'probe.preview', 'files.read', 'source.listTags']
const phases: readonly AwaitedPhase[] = ['switching', 'swapping', 'undo', 'retiring']

/** Virtual ms. */
const lasting = constantFrom(500, 5_000, 20_000, 70_000)

const setting: Arbitrary<Setting> = record({
  topology: oneof({ weight: 7, arbitrary: constant<TopologyName>('usual') }, { weight: 3, arbitrary: constantFrom<TopologyName>('noSingletons', 'noGroups', 'twoOfEach') }),
  kinds: tuple(kindOf(6), kindOf(10)),
  labelled: boolean(),
  color: constantFrom('blue', 'green'),
  previews: mostly(true),
  healthCheckOfSingletons: mostly(true),
  pauseOnFailure: mostly(true),
  restartsAfter: constantFrom(100, 3_000, 30_000),
  upgradesAtTheEnd: mostly(false),
})

const which: Arbitrary<Which> = constantFrom('blue', 'green', 'singletons')

/** By its place among the next ones, or by its name. */
function faultWithin(next: number): Arbitrary<Move> {
  const kind = constantFrom(...kinds)
  return oneof(
    { weight: 3, arbitrary: record({ do: constant('fault' as const), kind, on: constant(null), nth: noBias(nat({ max: next })) }) },
    { weight: 2, arbitrary: record({ do: constant('fault' as const), kind, on: constantFrom(...names), nth: constantFrom(0, 0, 0, 1, 2) }) },
    { weight: 1, arbitrary: record({ do: constant('fault' as const), kind: constantFrom(...kindsOfFiles), on: constantFrom(...callsOfFiles), nth: noBias(nat({ max: 2 * next })) }) },
  )
}

const staleAnswer: Arbitrary<Move> = oneof(
  { weight: 1, arbitrary: record({ do: constant('stale answer' as const), on: constant(null), nth: noBias(nat({ max: 40 })) }) },
  { weight: 1, arbitrary: record({ do: constant('stale answer' as const), on: constantFrom(...questions), nth: noBias(nat({ max: 4 })) }) },
)

const apply: Arbitrary<Move> = constantFrom({ do: 'apply', tag: 'v1.1.0' }, { do: 'apply', tag: 'v1.2.0' })
const wish: Arbitrary<Move> = oneof(
  { weight: 4, arbitrary: apply },
  { weight: 1, arbitrary: constant<Move>({ do: 'poll' }) },
  { weight: 2, arbitrary: constant<Move>({ do: 'roll back' }) },
)

const order: Arbitrary<Move> = oneof(
  { weight: 8, arbitrary: constantFrom<Move>({ do: 'unpause' }, { do: 'pause' }, { do: 'cancel' }, { do: 'terminate' }, { do: 'kill' }) },
  { weight: 1, arbitrary: record({ do: constant('maintenance' as const), lasts: lasting }) },
  { weight: 1, arbitrary: record({ do: constant('change settings' as const), to: constantFrom('limits' as const, 'policy' as const, 'routes' as const) }) },
  { weight: 2, arbitrary: record({ do: constant('freeze' as const), lasts: lasting }) },
)

const mishap: Arbitrary<Move> = oneof(
  { weight: 2, arbitrary: record({ do: constant('sicken' as const), what: which, lasts: lasting }) },
  { weight: 1, arbitrary: record({ do: constant('stop' as const), what: which }) },
  { weight: 1, arbitrary: record({ do: constant('remove' as const), what: which }) },
  { weight: 1, arbitrary: record({ do: constant('route by hand' as const), color: constantFrom('blue' as const, 'green' as const) }) },
  { weight: 1, arbitrary: record({ do: constant('power cut' as const), survives: constantFrom('nothing' as const, 'some' as const, 'all' as const) }) },
  { weight: 3, arbitrary: record({ do: constant('somebody' as const), command: constantFrom(...commands) }) },
  { weight: 4, arbitrary: record({ do: constant('outage' as const), of: constantFrom(...outages), lasts: lasting }) },
)

const phase: Arbitrary<Wait> = record({ for: constant('phase' as const), phase: constantFrom(...phases) })
const effects: Arbitrary<Wait> = record({ for: constant('effects' as const), count: noBias(integer({ min: 1, max: 25 })) })
const nothing: Arbitrary<Wait> = constant({ for: 'nothing' })
const time: Arbitrary<Wait> = record({ for: constant('time' as const), milliseconds: constantFrom(10, 100, 1_000, 11_000) })
const idle: Arbitrary<Wait> = constant({ for: 'idle' })

const turn: Arbitrary<Turn> = oneof(
  { weight: 5, arbitrary: record({ wait: nothing, move: faultWithin(40) }) },
  { weight: 4, arbitrary: record({ wait: phase, move: faultWithin(9) }) },
  { weight: 2, arbitrary: record({ wait: oneof({ weight: 2, arbitrary: nothing }, { weight: 2, arbitrary: phase }, { weight: 1, arbitrary: effects }), move: staleAnswer }) },
  { weight: 2, arbitrary: record({ wait: oneof({ weight: 3, arbitrary: idle }, { weight: 1, arbitrary: effects }), move: wish }) },
  { weight: 3, arbitrary: record({ wait: oneof({ weight: 3, arbitrary: effects }, { weight: 3, arbitrary: phase }, { weight: 2, arbitrary: time }, { weight: 1, arbitrary: idle }), move: order }) },
  { weight: 3, arbitrary: record({ wait: oneof({ weight: 2, arbitrary: effects }, { weight: 3, arbitrary: phase }, { weight: 1, arbitrary: time }, { weight: 1, arbitrary: idle }), move: mishap }) },
)

/** Most begin with a rollout at once; a few things go wrong in its course and after it. */
export const schedules: Arbitrary<Schedule> = record({
  setting,
  lags: oneof(constant([]), array(nat({ max: 60 }), { minLength: 1, maxLength: 12 })),
  turns: oneof(
    { weight: 8, arbitrary: tuple(apply, array(turn, { maxLength: 6, size: 'max' })).map(([move, rest]): Turn[] => [{ wait: { for: 'nothing' }, move }, ...rest]) },
    { weight: 1, arbitrary: array(turn, { minLength: 1, maxLength: 5, size: 'max' }) },
  ),
}).map((schedule) => ({ ...schedule, setting: observable(schedule.setting) }))

/** Without a health check nobody can tell that a bot is not healthy. */
function observable(setting: Setting): Setting {
  if (setting.healthCheckOfSingletons) return setting
  const [first, second] = setting.kinds.map((kind) => kind === 'bot never healthy' ? 'bot dies' : kind)
  return { ...setting, kinds: [first ?? 'good', second ?? 'good'] }
}

function kindOf(weightOfGood: number): Arbitrary<ReleaseKind> {
  return oneof({ weight: weightOfGood, arbitrary: constant<ReleaseKind>('good') }, { weight: 4, arbitrary: constantFrom(...wellOrNot) })
}

function mostly(value: boolean): Arbitrary<boolean> {
  return oneof({ weight: 5, arbitrary: constant(value) }, { weight: 1, arbitrary: constant(!value) })
}
