import { spawn } from 'node:child_process'
import type { Area } from './mutation.ts'
import { exitCodes, reportPrefix, type Report } from './detector/report.ts'

/** How a run of the detector ended. */
export type Ended =
  | { readonly kind: 'report'; readonly report: Report }
  /** Neither clean nor found: its own end was not foreseen. */
  | { readonly kind: 'crash'; readonly why: string }

/** Output that is kept of a run, characters. */
const outputKept = 4_000

/** Runs a bundle of the detector, which looks at an area first, in a process of its own, which is killed at the limit (ms). */
export function runDetector(bundle: string, area: Area | null, limit: number, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, area === null ? [bundle] : [bundle, area], { stdio: ['ignore', 'pipe', 'pipe'], env: {}, signal, killSignal: 'SIGKILL' })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = `${output}${chunk.toString()}`.slice(-outputKept)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, limit)
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve({ kind: 'crash', why: error.message })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(late ? { kind: 'crash', why: `it did not end within ${limit / 1000} s` } : endOf(code, output))
    })
  })
}

function endOf(code: number | null, output: string): Ended {
  const line = output.split('\n').findLast((text) => text.startsWith(reportPrefix))
  const foreseen = code === exitCodes.clean || code === exitCodes.found
  if (!foreseen || line === undefined) return { kind: 'crash', why: `exit code ${code}: ${output.trim().slice(-1_000)}` }
  const report: Report = JSON.parse(line.slice(reportPrefix.length))
  return { kind: 'report', report }
}
