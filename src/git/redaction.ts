/** Takes secrets out of text that others wrote. */
export type Redact = (text: string) => string

/**
 * A redaction for these secrets and for credentials inside any http address. A remote may repeat what we sent it,
 * so whatever git prints passes through here before it becomes part of an error or a log line.
 */
export function redactionOf(secrets: readonly string[]): Redact {
  // Longest first, so that a secret inside another one leaves no rest.
  const ordered = [...secrets].sort((a, b) => b.length - a.length)
  return (text) => {
    const cleared = ordered.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
    return cleared.replace(/(https?:\/\/)[^/\s@]+@/gi, '$1***@')
  }
}
