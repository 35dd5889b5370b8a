import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UpdaterError } from '../rollout/errors.ts'
import { problemOf, problemOfUpdaterError, problemType } from './problems.ts'
import type { Problem } from './problems.ts'
import { fieldSentences } from './field-sentences.ts'

/** Makes every error of this instance an RFC 9457 problem. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(answerError)
}

/** Also for errors that arise before a route is found (`frameworkErrors`). */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemFor(error)
  if (problem.code === 'internal') request.log.error({ err: error, path: pathOf(request) }, 'A call failed by an error nobody foresaw')
  sendProblem(reply, problem)
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  void reply.status(problem.status).type(problemType).serializer(JSON.stringify).send(problem)
}

/** The path without its query, which may hold what no log should. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}

function problemFor(error: FastifyError): Problem {
  if (error instanceof UpdaterError) return problemOfUpdaterError(error)
  if (error.validation !== undefined) return problemOf('invalid_request', fieldSentences(error.validation, error.validationContext ?? 'body'))
  const status = error.statusCode ?? 500
  if (status === 413) return problemOf('body_too_large', 'The body is larger than 64 KiB.')
  if (status >= 400 && status < 500) return problemOf('invalid_request', `The call cannot be read: ${error.code}.`)
  return problemOf('internal', 'The updater ran into an error nobody foresaw; nothing is known of its effect. See its log and GET /status.')
}
