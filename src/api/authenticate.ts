import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathOf, sendProblem } from './answer-errors.ts'
import { problemOf } from './problems.ts'
import type { WrongSecrets } from './wrong-secrets.ts'

/** The shared secret, which this side can only be compared with. */
export interface SecretCheck {
  matches(candidate: string): Promise<boolean>
  /** Why there is no usable secret; null when there is one. */
  problem(): string | null
}

/** Asks every caller for the secret, on every path but `GET /health`, unknown paths included. There is no open mode. */
export function authenticate(app: FastifyInstance, secret: SecretCheck, wrongSecrets: WrongSecrets): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request)) return undefined
    const isRight = await secret.matches(candidateOf(request))
    // Asked after the look at the file: of many guesses sent at once, all would find the count where it was before.
    const wait = wrongSecrets.shutOutFor(request.ip)
    if (wait > 0) return refuse(reply.header('Retry-After', wait), 'too_many_attempts', `Too many wrong secrets from ${request.ip}; try again in ${wait} s.`)
    if (isRight) return undefined
    const problem = secret.problem()
    if (problem !== null) return refuse(reply, 'observing', `Nobody can be let in, since there is no usable secret. ${problem}`)
    wrongSecrets.count(request.ip)
    request.log.warn({ remote: request.ip, path: pathOf(request) }, 'A call came without the right secret')
    return refuse(reply.header('WWW-Authenticate', 'Bearer'), 'unauthorized', 'Unauthorized')
  })
}

function isOpen(request: FastifyRequest): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && pathOf(request) === '/health'
}

/** `X-Updater-Secret`, else `Authorization: Bearer`; empty when neither was sent, which matches no secret. */
function candidateOf(request: FastifyRequest): string {
  const header = request.headers['x-updater-secret']
  if (typeof header === 'string') return header
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
}

function refuse(reply: FastifyReply, code: 'too_many_attempts' | 'observing' | 'unauthorized', sentence: string): FastifyReply {
  sendProblem(reply, problemOf(code, sentence))
  return reply
}
