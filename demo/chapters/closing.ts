import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shortenedLimits } from '../printing/limits.ts'
import { counted, seconds, type Screen } from '../printing/screen.ts'
import { servingStrip } from '../printing/serving-strip.ts'
import { stepsTable } from '../printing/steps-table.ts'
import { tableOf } from '../printing/table.ts'
import { episodesOf, type Episode } from '../serving.ts'
import type { Stage } from '../stage.ts'

/**
 * What must hold over the whole run. The load has ended.
 * @param servedInOrder the releases that must have answered; null when the story ended early
 */
export async function expectOfAll(stage: Stage, servedInOrder: readonly string[] | null): Promise<void> {
  const { stack, load, expectations: { expect }, screen } = stage
  const { overlaps, opened } = await stack.gateway()
  const order = episodesOf(load.served).map(({ release }) => release)
  screen.line()
  screen.moment(screen.paint('bold', 'Over all of it'))
  expect(load.failed.length === 0, `${counted(load.sent)} requests sent, ${counted(load.failed.length)} failed`, load.failed.slice(0, 3))
  expect(overlaps === 0, `never two bots: ${overlaps} overlaps of its ${opened} sessions`)
  if (servedInOrder !== null) expect(String(order) === String(servedInOrder), `what answered, in this order and nothing else: ${servedInOrder.join(' → ')}`, order.join(' → '))
}

/** The timeline: what each step took, what served at each moment, how long the bot was away, the shortened limits. */
export async function summarize({ stack, load, told, screen }: Stage, until: number): Promise<void> {
  const { away } = await stack.gateway()
  const begun = Math.min(screen.start, ...load.served.map(({ from }) => from))
  section(screen, 'Steps', stepsTable(told))
  section(screen, 'What served, and the bot', [
    ...servingStrip({ served: load.served, away, from: Math.min(until, ...load.served.map(({ from }) => from)), to: until }),
    '',
    ...tableOf([['release', 'from', 'to', 'answers'], ...episodesOf(load.served).map((episode) => row(episode, begun))]),
    '',
    `Without a bot: ${away.length} times, ${seconds(away.reduce((sum, { ms }) => sum + ms, 0))} in total, ${seconds(Math.max(0, ...away.map(({ ms }) => ms)))} at most.`,
  ])
  section(screen, 'Limits shortened for this run', shortenedLimits(await readFile(join(stack.project.root, 'updater.yml'), 'utf8')))
}

function section(screen: Screen, title: string, lines: readonly string[]): void {
  screen.line()
  screen.line(screen.paint('bold', title))
  for (const line of lines) screen.line(`  ${line}`.trimEnd())
}

function row({ release, from, to, requests }: Episode, begun: number): string[] {
  return [release, ...[from, to].map((at) => `${((at - begun) / 1000).toFixed(1)} s`), counted(requests)]
}

/** The last line: how it went. */
export function verdict({ expectations: { all, unmet }, load, screen }: Pick<Stage, 'expectations' | 'load' | 'screen'>): void {
  const text = unmet === 0
    ? `✓ All ${all.length} expectations held. ${counted(load.sent)} requests sent, ${load.failed.length} failed.`
    : `✗ ${unmet} of ${all.length} expectations did not hold. ${counted(load.sent)} requests sent, ${load.failed.length} failed.`
  screen.line()
  screen.line(screen.paint('bold', screen.paint(unmet === 0 ? 'green' : 'red', text)))
}
