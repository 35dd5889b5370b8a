import type { FastifyRequest } from 'fastify'

/** Whether the caller asked for `Prefer: respond-async` (RFC 7240), among other preferences perhaps. */
export function prefersAsync(request: FastifyRequest): boolean {
  const header = request.headers['prefer']
  const values = header === undefined ? [] : [header].flat()
  return values.flatMap((value) => value.split(',')).some((preference) => preference.split(';', 1)[0]?.trim().toLowerCase() === 'respond-async')
}
