import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { TestContext } from 'vitest'
import { releasesOn } from '../../docker/rollout/rollouts.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { at } from '../../sandbox/daemon/waiting.ts'
import type { WholeStack } from '../harness/whole-stack.ts'
import type { LoadReport } from './load-inside.ts'

const source = fileURLToPath(new URL('load-inside.ts', import.meta.url))
const container = 'moving-load'

/** What users saw while something was done, connections that were kept and connections made anew alike. */
export interface Seen {
  readonly sent: number
  readonly failed: LoadReport['failed']
  /** Releases that answered, in their order: once, where all who asked saw the same. */
  readonly served: readonly (readonly string[])[]
}

/** Makes the program that puts load on the stack from inside its network. @param file where it is written */
export async function buildLoad(file: string): Promise<void> {
  // Every module of the bundle would take itself for the program.
  await build({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile: file, logLevel: 'error', define: { 'import.meta.url': '"file:///bundled.js"' }, banner: { js: requireForBundle } })
}

const requireForBundle = "import { createRequire } from 'node:module'; const require = createRequire('/load.mjs');"

/** Does something while both entry points are asked without pause. */
export async function underLoad(context: TestContext, stack: WholeStack, { file, network }: { readonly file: string; readonly network: string }, action: () => Promise<void>): Promise<Seen> {
  await stack.docker('run', '--detach', '--name', container, '--network', network, '--volume', `${file}:/load.mjs:ro`, 'node:20-bookworm-slim', 'node', '/load.mjs')
  try {
    await action()
    await stack.docker('stop', '--time', '60', container)
    const { sent, failed, served } = readReport(await stack.docker('logs', container))
    tellFigure(context, { name: 'moving over: requests', value: sent, together: 'sum' })
    const seen = new Set(['skills', 'api', 'skills anew', 'api anew'].map((target) => releasesOn(target, served).join()))
    return { sent, failed, served: [...seen].map((releases) => releases.split(',')) }
  } finally {
    await stack.docker('rm', '--force', container)
  }
}

/** How long requests failed, s: failures less than a second apart are one spell, from its first to its last. */
export function secondsOf(failed: Seen['failed']): number {
  const times = failed.map((one) => Date.parse(one.at)).sort((left, right) => left - right)
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time))
  return gaps.filter((gap) => gap < spell).reduce((sum, gap) => sum + gap, 0) / 1000
}

const spell = 1_000

function readReport(text: string): LoadReport {
  const report: unknown = JSON.parse(text)
  return {
    sent: Number(at(report, 'sent')),
    failed: listOf(at(report, 'failed')).map((one) => ({ at: String(at(one, 'at')), target: String(at(one, 'target')), reason: String(at(one, 'reason')) })),
    served: listOf(at(report, 'served')).map((one) => ({
      target: String(at(one, 'target')), release: String(at(one, 'release')), from: Number(at(one, 'from')), to: Number(at(one, 'to')), requests: Number(at(one, 'requests')),
    })),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
