/** What a run of the detector tells in its last line. */
export interface Report {
  /** The first broken rule; null when none was found. */
  readonly found: {
    /** What was run. */
    readonly run: string
    /** The rule or expectation that does not hold. */
    readonly rule: string
    readonly sentence: string
  } | null
  /** Runs made, the last one included. */
  readonly runs: number
  readonly milliseconds: number
}

export const reportPrefix = 'detector: '

/** No code that Node itself uses for a crash. */
export const exitCodes = { clean: 0, found: 40 } as const
