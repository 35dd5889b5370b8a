import { statfs } from 'node:fs/promises'
import type { DiagnosticsAnswer } from './schemas.ts'

export type DiskUsage = DiagnosticsAnswer['disk_usage'][number]

/** Space of the file systems that hold these paths. One that cannot be asked says so in its own entry. */
export function readDiskUsage(paths: readonly string[]): Promise<DiskUsage[]> {
  return Promise.all(paths.map(usageOf))
}

async function usageOf(path: string): Promise<DiskUsage> {
  try {
    const { bsize, blocks, bavail, bfree } = await statfs(path)
    const used = blocks - bfree
    // As `df` does it: what is reserved for root counts as neither used nor free.
    const percent = used + bavail === 0 ? null : Math.round((1_000 * used) / (used + bavail)) / 10
    return { path, total_bytes: blocks * bsize, free_bytes: bavail * bsize, used_percent: percent, problem: null }
  } catch (error) {
    return { path, total_bytes: null, free_bytes: null, used_percent: null, problem: error instanceof Error ? error.message : String(error) }
  }
}
