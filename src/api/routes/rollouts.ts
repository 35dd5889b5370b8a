import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as Type from 'typebox'
import { UpdaterError, sentenceOf } from '../../rollout/errors.ts'
import type { Started, UpdaterService } from '../../updater/service.ts'
import { applyBody, rollbackBody } from '../bodies.ts'
import { prefersAsync } from '../prefer.ts'
import { problem, updateResult } from '../schemas.ts'
import { wireResult } from '../wire.ts'

interface Options {
  readonly updater: Pick<UpdaterService, 'apply' | 'rollback'>
  /** Tags that may be applied at all (fault 40: a hostile name is refused before anything sees it). */
  readonly tagPattern: RegExp
}

const accepted = Type.Object({ operation_id: Type.String(), status: Type.Literal('accepted'), location: Type.String() })
const response = {
  200: updateResult,
  202: accepted,
  '4xx': problem,
  500: { content: { 'application/json': { schema: updateResult }, 'application/problem+json': { schema: problem } } },
  503: problem,
}

/** Apply and rollback: answered at the commit point, or with `Prefer: respond-async` as soon as it is certain that it is carried out. */
export const rolloutRoutes: FastifyPluginCallbackTypebox<Options> = (app, { updater, tagPattern }, done) => {
  for (const path of ['/update', '/update/apply']) {
    app.post(path, { schema: { body: applyBody, response } }, async (request, reply) => {
      const { tag, version } = request.body
      if (!tagPattern.test(tag)) throw new UpdaterError('invalid_request', `tag in the body must match the tag pattern ${tagPattern.source}.`)
      return answer(request, reply, await updater.apply({ tag, version, origin: 'api' }))
    })
  }

  app.post('/update/rollback', { schema: { body: rollbackBody, response } }, async (request, reply) => {
    const previousSha = request.body.previous_sha.toLowerCase()
    return answer(request, reply, await updater.rollback({ previousSha, origin: 'api' }))
  })
  done()
}

/** A client that hangs up changes nothing: the operation is the updater's, this only waits for its outcome. */
async function answer(request: FastifyRequest, reply: FastifyReply, started: Started): Promise<FastifyReply> {
  // What was refused, or has ended already, is answered as such: the preference is one (RFC 7240).
  if (prefersAsync(request) && (await started.begun) === 'open') return accept(request, reply, started)
  const result = await started.outcome
  return reply.status(result.status === 'success' ? 200 : 500).send(wireResult(result))
}

function accept(request: FastifyRequest, reply: FastifyReply, { operationId, outcome }: Started): FastifyReply {
  // The answer is given before the outcome is there; that is found at the operation's address.
  outcome.catch((error: unknown) => request.log.warn({ operationId, error: sentenceOf(error) }, 'An accepted operation ended without an outcome'))
  const location = `/update/operations/${operationId}`
  return reply.status(202).headers({ Location: location, 'Preference-Applied': 'respond-async' }).send({ operation_id: operationId, status: 'accepted', location })
}
