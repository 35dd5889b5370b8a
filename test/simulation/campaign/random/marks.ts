import type { Daemon, World } from '../../world/world.ts'

/** What a schedule reached, for the distribution and for what must have been reached at least once. */
export function marksOf(world: World, daemons: readonly Daemon[]): string[] {
  const events = daemons.flatMap(({ events }) => events)
  const phases = ['switching', 'swapping', 'retiring'].filter((phase) => events.some(({ kind, message }) => kind === 'phase' && message === phase))
  const undone = events.some(({ kind }) => kind === 'undo_started')
  const rows = daemons.flatMap(({ logged }) => logged).flatMap((line) => /Recovery (R\d+):/.exec(line)?.[1] ?? [])
  const recoveries = daemons.slice(1).filter(({ logged }) => logged.some((line) => line.includes('Recovery R'))).length
  return [
    ...phases.map((phase) => `reached ${phase}`),
    ...(undone ? ['undone'] : []),
    ...(daemons.length > 1 ? ['restarted'] : []),
    ...(recoveries >= 2 ? ['recovered twice or more'] : []),
    ...(diedInUndo(daemons, 'swapping') ? ['killed in the undo after the bot was touched'] : []),
    ...(diedInUndo(daemons, null) ? ['killed in an undo'] : []),
    ...(world.stack.record !== null && world.stack.record.holds.length > 0 ? ['ended held'] : []),
    ...new Set(rows.map((row) => `row ${row}`)),
  ]
}

/** An undo had begun, in this phase if one is named, and its daemon died before it was closed. */
function diedInUndo(daemons: readonly Daemon[], phase: string | null): boolean {
  return daemons.some(({ events, life }) => {
    const begun = events.findLastIndex(({ kind }) => kind === 'undo_started')
    if (!life.dead || begun === -1) return false
    if (events.slice(begun).some(({ kind }) => kind === 'closed' || kind === 'ended')) return false
    return phase === null || events.slice(0, begun).some(({ kind, message }) => kind === 'phase' && message === phase)
  })
}
