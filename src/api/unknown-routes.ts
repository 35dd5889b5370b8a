import type { FastifyInstance } from 'fastify'
import { pathOf, sendProblem } from './answer-errors.ts'
import { problemOf } from './problems.ts'

/** 404 for a path that does not exist, 405 with `Allow` for one that is called by a wrong method. Must come before the routes. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const name of [method].flat()) known.add(name)
    methods.set(url, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allowed = [...methods].filter(([pattern]) => matches(pattern, path)).flatMap(([, names]) => [...names])
    if (allowed.length === 0) return sendProblem(reply, problemOf('unknown_route', `There is no ${path} here; GET /openapi.json lists what there is.`))
    void reply.header('Allow', allowed.join(', '))
    return sendProblem(reply, problemOf('method_not_allowed', `${path} does not know ${request.method}; it knows ${allowed.join(', ')}.`))
  })
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith(':') || part === given[index])
}
