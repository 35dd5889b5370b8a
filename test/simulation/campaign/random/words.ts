import type { Effect } from '../../world/effects.ts'
import type { HitKind, Move, Setting } from './schedule.ts'

/** A fault that hit an effect. */
export function hitInWords(kind: HitKind, effect: Effect): string {
  const it = effectInWords(effect)
  switch (kind) {
    case 'fails':
      return `${it} fails and has no effect.`
    case 'takes effect but fails':
      return `${it} reports failure, but took effect.`
    case 'crash before':
      return `kill -9 just before this: ${it}.`
    case 'crash after':
      return `kill -9 just after this took effect: ${it}.`
    case 'crash during':
      return `kill -9 while this is under way, and the world finishes it: ${it}.`
    case 'power cut before':
      return `The power goes just before this: ${it}. Nothing survives but what was synced.`
    case 'power cut after':
      return `The power goes just after this: ${it}. Nothing survives but what was synced.`
    case 'hangs':
      return `${it} hangs and has no effect.`
    case 'takes effect late':
      return `${it} takes effect a minute and a half late, when nobody waits any more.`
  }
}

/** A question whose answer comes late. */
export function staleInWords(effect: Effect): string {
  return `${effectInWords(effect)} is answered five seconds late, with what was so when it was asked.`
}

/** What there is at the beginning, if it is not the usual. */
export function settingInWords({ topology, color, labelled, previews, healthCheckOfSingletons, pauseOnFailure }: Setting): string {
  return [
    `v1.0.0 runs on ${color}`,
    ...(topology === 'usual' ? [] : [`the topology is "${topology}"`]),
    ...(labelled ? [] : ['its images tell no commit']),
    ...(previews ? [] : ['Traefik has no internal entry point']),
    ...(healthCheckOfSingletons ? [] : ['the bot has no health check']),
    ...(pauseOnFailure ? [] : ['failures do not pause']),
  ].join(', ')
}

/** What somebody does, or what happens outside. Faults tell of themselves when they hit. */
export function moveInWords(move: Exclude<Move, { do: 'fault' | 'stale answer' }>, { kinds }: Setting): string {
  switch (move.do) {
    case 'apply':
      return `${move.tag} (${kinds[move.tag === 'v1.1.0' ? 0 : 1]}) is applied.`
    case 'roll back':
      return 'A rollback to the release before is asked for.'
    case 'poll':
      return 'Polling looks for a release.'
    case 'pause':
      return 'An operator pauses.'
    case 'cancel':
      return 'An operator cancels.'
    case 'unpause':
      return 'An operator unpauses.'
    case 'terminate':
      return 'SIGTERM.'
    case 'kill':
      return 'kill -9.'
    case 'freeze':
      return `SIGSTOP for ${seconds(move.lasts)}, and another daemon takes over.`
    case 'maintenance':
      return `An operator enters maintenance mode for ${seconds(move.lasts)}.`
    case 'change settings':
      return `kill -9, and the next daemon has other settings: ${move.to}.`
    case 'sicken':
      return `The containers of ${move.what} fall ill for ${seconds(move.lasts)}.`
    case 'stop':
      return `Somebody stops the containers of ${move.what}.`
    case 'remove':
      return `Somebody stops and removes the containers of ${move.what}.`
    case 'route by hand':
      return `Somebody routes ${move.color} by hand.`
    case 'power cut':
      return `The power goes; of what was not synced ${move.survives} survives.`
    case 'somebody':
      return `Somebody else: ${move.command}.`
    case 'outage':
      return `For ${seconds(move.lasts)}: ${move.of}.`
  }
}

function effectInWords({ name, record, services, containerId, commit, generation, path }: Effect): string {
  if (record !== undefined) {
    const { operation } = record
    return `the write of record ${record.sequence}${operation === null ? '' : ` at ${operation.phase}, ${operation.step ?? 'no step yet'}`}`
  }
  const about = [containerId ?? services?.join(' and '), commit && tagOf(commit), generation && `generation ${generation.slice(0, 6)}`, path?.slice(path.lastIndexOf('/') + 1).replace(/tmp-.*/, 'tmp')]
  return [name, ...about.filter((part) => part !== undefined && part !== '')].join(' ')
}

/** Commits of made releases are made of their tags. */
function tagOf(commit: string): string {
  return commit.startsWith('adopted-') ? 'what was adopted' : Buffer.from(commit, 'hex').toString().replaceAll('\0', '')
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1_000} s`
}
