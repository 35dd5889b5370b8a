/** A thrown value and what led to it, one line each. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${sentenceOf(error.cause)}`
}
