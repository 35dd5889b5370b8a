import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identifyProcess, type ProcessIdentity } from '../../src/sandbox/process-identity.ts'
import type { Stack } from './stack.ts'

/** What a demo left running below a directory, written there as `kept.json`. */
export interface Kept {
  readonly kind: Stack['kind']
  /** In the order in which they are to be ended; the updater first. */
  readonly processes: readonly (ProcessIdentity & { readonly name: string })[]
}

/** @param pids by name, in the order in which they are to be ended */
export async function writeKept(root: string, kind: Stack['kind'], pids: Readonly<Record<string, number>>): Promise<void> {
  const processes = await Promise.all(Object.entries(pids).map(async ([name, pid]) => {
    const identity = await identifyProcess(pid)
    if (identity === null) throw new Error(`the ${name} has ended; see ${join(root, `${name}.log`)}`)
    return { name, ...identity }
  }))
  const path = join(root, 'kept.json')
  await writeFile(`${path}.tmp`, `${JSON.stringify({ kind, processes }, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.tmp`, path)
}

/** @throws Error in plain words when no demo left anything there */
export async function readKept(root: string): Promise<Kept> {
  const text = await readFile(join(root, 'kept.json'), 'utf8').catch((cause: unknown) => {
    throw new Error(`${root} is not the directory of a demo that was kept: it has no kept.json`, { cause })
  })
  const kept: unknown = JSON.parse(text)
  if (!isKept(kept)) throw new Error(`${join(root, 'kept.json')} is damaged; end the processes that it names by hand`)
  return kept
}

function isKept(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'sandbox' || value.kind === 'docker')
    && 'processes' in value && Array.isArray(value.processes) && value.processes.every(isNamedProcess)
}

function isNamedProcess(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
    && 'pid' in value && typeof value.pid === 'number' && value.pid > 1 && 'startTime' in value && typeof value.startTime === 'string'
}
