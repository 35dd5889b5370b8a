import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { repository } from '../../../demo/stack/project.ts'
import { at } from './waiting.ts'

const program = join(repository, 'dist/updaterctl.cjs')

type Environment = Readonly<Record<string, string>>

/** How a run of updaterctl ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What doctor said for scripts. */
export interface Report {
  readonly code: number
  readonly report: unknown
  readonly byId: Readonly<Record<string, { readonly verdict: unknown; readonly found: string }>>
}

/** Runs the bundled updaterctl with this environment and no other, as in the updater's container. */
export function updaterctl(env: Environment, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env: { ...env }, timeout: 110_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

/** `updaterctl doctor --json`. */
export async function doctorOf(env: Environment, args: readonly string[] = []): Promise<Report> {
  const { code, stdout, stderr } = await updaterctl(env, ['doctor', '--json', ...args])
  if (stdout === '') throw new Error(`doctor ended with code ${code}: ${stderr}`)
  const report: unknown = JSON.parse(stdout)
  const checks = at(report, 'checks')
  const byId: Record<string, { verdict: unknown; found: string }> = {}
  for (const check of Array.isArray(checks) ? checks : []) byId[String(at(check, 'id'))] = { verdict: at(check, 'verdict'), found: String(at(check, 'found')) }
  return { code, report, byId }
}

/** Checks with this verdict, in the order in which they are told. */
export function thoseThatAre(verdict: 'warning' | 'wrong' | 'not_checked', byId: Report['byId']): string[] {
  return Object.entries(byId).filter(([, check]) => check.verdict === verdict).map(([id]) => id)
}
