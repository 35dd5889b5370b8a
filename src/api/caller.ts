import type { FastifyRequest } from 'fastify'

/** Who asks, for log and record: all callers share one secret, so the address is what tells them apart. */
export function callerOf(request: FastifyRequest): string {
  return `api ${request.ip}`
}
