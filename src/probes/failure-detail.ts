/** What a failed probe is called for people, by the error's code. */
const details: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the answer ended',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no connection in time',
  ENOTFOUND: 'host name not known',
  EAI_AGAIN: 'host name not known at the moment',
}

/** Whether nobody listens at the address. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}

/** A few words for an operator out of what the HTTP client threw. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return details[code] ?? error.message
}
