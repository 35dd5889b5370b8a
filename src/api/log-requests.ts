import type { FastifyInstance } from 'fastify'
import { pathOf } from './answer-errors.ts'

/**
 * One line a call, without headers, query or body: no secret can get into it. Health checks, and calls of an address that
 * is shut out for wrong secrets, only at `debug`: nobody without the secret may fill the log (I9).
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request).slice(0, longestPath)
    const fields = { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime), remote: request.ip }
    if (path === '/health' || reply.statusCode === 429) request.log.debug(fields, 'Answered')
    else request.log.info(fields, 'Answered')
  })
  app.addHook('onRequestAbort', async (request) => {
    request.log.info({ method: request.method, path: pathOf(request).slice(0, longestPath), remote: request.ip }, 'The client hung up; what it started goes on')
  })
}

/** No path of ours is longer. */
const longestPath = 120
