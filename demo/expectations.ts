/** Something that must hold for the demo to have gone as told. */
export interface Expectation {
  readonly met: boolean
  /** What was expected, as one who watches would put it. */
  readonly sentence: string
  /** What was seen instead; said only when it was not met. */
  readonly seen: string
}

export interface Expectations {
  readonly all: readonly Expectation[]
  /** How many were not met. */
  readonly unmet: number
  readonly expect: (met: boolean, sentence: string, seen?: unknown) => void
}

/** @param tell hears of each expectation at once */
export function createExpectations(tell: (expectation: Expectation) => void): Expectations {
  const all: Expectation[] = []
  return {
    all,
    get unmet() {
      return all.filter(({ met }) => !met).length
    },
    expect(met, sentence, seen = '') {
      const expectation = { met, sentence, seen: typeof seen === 'string' ? seen : JSON.stringify(seen) }
      all.push(expectation)
      tell(expectation)
    },
  }
}

/** 0 only if something was expected at all and every one of it was met. */
export function exitCodeOf({ all, unmet }: Pick<Expectations, 'all' | 'unmet'>): 0 | 1 {
  return all.length > 0 && unmet === 0 ? 0 : 1
}
