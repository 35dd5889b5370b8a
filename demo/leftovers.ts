import { copyFile, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Screen } from './printing/screen.ts'

const shown = 15

/** After a failure: the updater's last words, and all logs put where they outlive the stack. */
export async function showLogs(root: string, screen: Screen): Promise<void> {
  const kept = await mkdtemp(join(tmpdir(), 'zetherion-demo-logs-'))
  for (const name of (await readdir(root)).filter((name) => name.endsWith('.log'))) await copyFile(join(root, name), join(kept, name))
  const text = await readFile(join(root, 'updater.log'), 'utf8').catch(() => '') // it was never started
  screen.line()
  screen.line(screen.paint('bold', text === '' ? 'The updater wrote no log.' : `The updater's last lines (all logs are kept in ${kept}):`))
  for (const line of text.trimEnd().split('\n').filter((line) => line !== '').slice(-shown)) screen.line(screen.paint('dim', `  ${readable(line)}`))
}

/** A line of JSON as a person reads it; any other as it is. */
function readable(line: string): string {
  try {
    const { time, event, msg, error } = Object(JSON.parse(line))
    return [String(time).slice(11, 23), event, msg, error].filter((part) => part !== undefined && part !== null).join('  ').split('\n').join(' / ')
  } catch {
    return line
  }
}
