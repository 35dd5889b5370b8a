import type { FastifyInstance } from 'fastify'
import { pathOf } from './answer-errors.ts'

/** One line a call, without headers, query or body: no secret can get into it. Health checks only at `debug`. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request)
    const fields = { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime), remote: request.ip }
    if (path === '/health') request.log.debug(fields, 'Answered')
    else request.log.info(fields, 'Answered')
  })
  app.addHook('onRequestAbort', async (request) => {
    request.log.info({ method: request.method, path: pathOf(request), remote: request.ip }, 'The client hung up; what it started goes on')
  })
}
