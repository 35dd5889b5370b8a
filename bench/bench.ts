import type { Row } from './table.ts'

/** One of the benchmarks: measures, cleans up after itself, and answers with its rows. */
export interface Bench {
  readonly name: string
  /** Samples of each row unless `--runs` says otherwise. */
  readonly runs: number
  /** @throws Missing when this machine lacks what it needs */
  measure(runs: number, say: (progress: string) => void): Promise<Row[]>
}

/** A benchmark that this machine cannot run; the others still do. */
export class Missing extends Error {}
