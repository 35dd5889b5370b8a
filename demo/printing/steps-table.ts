import type { Told } from '../stage.ts'
import type { Watched } from '../watch.ts'
import { tableOf } from './table.ts'

/** Steps as rows, what was asked for as columns, seconds in the cells; `×` stands at the step that refused a release. */
export function stepsTable(told: readonly Told[]): string[] {
  const names = [...new Set(told.flatMap(({ operation }) => operation.steps.map(({ step }) => shortName(step))))].sort((a, b) => rank(a) - rank(b))
  return tableOf([
    ['seconds', ...told.map(({ title }) => title)],
    ...names.map((name) => [name, ...told.map(({ operation }) => cell(operation, name))]),
    ['undo', ...told.map(({ operation: { undoStarted, ended } }) => span(undoStarted, ended))],
    ['until the answer', ...told.map(({ operation: { opened, ended } }) => span(opened, ended))],
    ['until all is done', ...told.map(({ operation: { opened, closed } }) => span(opened, closed))],
    ['bot away', ...told.map(({ botAway }) => (botAway === 0 ? '–' : short(botAway)))],
    ['result', ...told.map(({ result }) => result)],
  ])
}

/** Both colors' services stand in one row. */
function shortName(step: string): string {
  return step.replace(/_zetherion-ai-(\w+)-(blue|green)$/, '_$1')
}

function cell(operation: Watched, name: string): string {
  const taken = operation.steps.find(({ step }) => shortName(step) === name)
  return taken === undefined ? '–' : `${taken.failed ? '× ' : ''}${short(taken.durationMs)}`
}

function span(from: number | null, to: number | null): string {
  return from === null || to === null ? '–' : short(to - from)
}

function short(ms: number): string {
  return (ms / 1000).toFixed(2)
}

/** Steps of both colors and groups run side by side and end in any order; a table has the design's. */
function rank(name: string): number {
  const found = order.findIndex((begin) => name.startsWith(begin))
  return found === -1 ? order.length : found
}

const order = [
  'git_fetch', 'git_checkout', 'preflight', 'docker_build', 'start_', 'health_skills', 'health_api', 'health_preview', 'route_switch',
  'health_routed', 'restart_', 'health_bot', 'commit', 'drain', 'stop_old', 'update_tree',
]
