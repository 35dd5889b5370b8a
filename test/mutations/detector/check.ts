/** One run of the simulated world, or several of one kind, with what must come of it. */
export interface Check {
  /** For people: what is run. */
  readonly name: string
  /** @throws what was found wrong */
  readonly run: () => Promise<void>
}

/** What was found wrong: a rule that does not hold. */
class Finding extends Error {
  /** `I4`, `R9`, `fault 44`. */
  readonly rule: string

  constructor(rule: string, message: string) {
    super(message)
    this.name = 'Finding'
    this.rule = rule
  }
}

/** @throws Finding */
export function must(rule: string, holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Finding(rule, otherwise)
}

/** The rule that an error of the simulated world names, and what it says. */
export function readFinding(error: unknown): { readonly rule: string; readonly sentence: string } {
  const message = error instanceof Error ? error.message : String(error)
  const [sentence = ''] = message.split('\n', 1)
  if (error instanceof Finding) return { rule: error.rule, sentence }
  const invariant = /^(I\d+) at /.exec(sentence)?.[1]
  if (invariant !== undefined) return { rule: invariant, sentence }
  if (sentence.startsWith('not at rest')) return { rule: 'comes to rest', sentence }
  if (sentence.startsWith('waited ') || sentence.startsWith('everybody waits')) return { rule: 'ends', sentence }
  if (sentence.startsWith('not modelled')) return { rule: 'asks nothing impossible', sentence }
  return { rule: 'ends well', sentence }
}
