import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNice } from './nice.ts'

/*
 * A program: the tests, all of them or what the arguments name (vitest's own).
 *
 * All of them in two runs beside each other: the campaigns of the simulation want nothing but processors, and the other levels mostly wait, for
 * health checks and the like. What the campaigns print comes after the rest, and at the very end stands what both runs came to, together.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '../vitest.mjs')
const plain = './test/reporting/plain-reporter.ts'

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) return ended(run(args))
  const reports = await mkdtemp(join(tmpdir(), 'zeth-reports-'))
  try {
    return await runAll(reports)
  } finally {
    await rm(reports, { recursive: true })
  }
}

async function runAll(reports: string): Promise<number> {
  const reporting = (name: string): string[] => ['--reporter=default', '--reporter=blob', `--outputFile.blob=${join(reports, `${name}.json`)}`]
  const campaigns = await startNice(process.execPath, [vitest, 'run', '--project', 'campaigns', ...reporting('campaigns')], { cwd: root })
  const show = heldBack(campaigns)
  const others = run(['--project', '!campaigns', ...reporting('others')])
  const stop = endBoth(campaigns, others)

  const codes = [ended(campaigns), ended(others)]
  await codes[1]
  show()
  const [first = 1, second = 1] = await Promise.all(codes)
  stop()
  const together = await ended(run([`--merge-reports=${reports}`, `--reporter=${plain}`]))
  return first || second || together
}

function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [vitest, 'run', ...args], { cwd: root, stdio: 'inherit' })
}

/** Keeps what a program prints. @returns what has it shown, also from then on */
function heldBack({ stdout, stderr }: ChildProcess): () => void {
  const held: Buffer[] = []
  let isShown = false
  const take = (chunk: Buffer): void => void (isShown ? process.stdout.write(chunk) : held.push(chunk))
  stdout?.on('data', take)
  stderr?.on('data', take)
  return () => {
    isShown = true
    for (const chunk of held.splice(0)) process.stdout.write(chunk)
  }
}

/** Passes on what asks this program to end: the campaigns have a session of their own, which no terminal reaches. @returns what ends that */
function endBoth(campaigns: ChildProcess, others: ChildProcess): () => void {
  const end = (): void => {
    if (campaigns.pid !== undefined && campaigns.exitCode === null) process.kill(-campaigns.pid, 'SIGTERM')
    others.kill('SIGTERM')
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}

/** @returns its exit code; 1 when a signal ended it. @throws when it could not be started */
async function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : 1
}

process.exitCode = await main(process.argv.slice(2))
