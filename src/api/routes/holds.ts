import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import * as Type from 'typebox'
import type { UpdaterService } from '../../updater/service.ts'
import { reasonBody } from '../bodies.ts'
import { callerOf } from '../caller.ts'
import { problem } from '../schemas.ts'

const paused = Type.Object({ paused: Type.Literal(true), pause_reason: Type.String(), status: Type.Literal('ok') })
const resumed = Type.Object({ resumed: Type.Literal(true), status: Type.Literal('ok') })
const cancelling = Type.Object({ cancelling: Type.Literal(true), status: Type.Literal('ok') })
const problems = { '4xx': problem, '5xx': problem }

/** Pause, unpause, cancel. Who asked is told to the updater, which logs it (I4). */
export const holdRoutes: FastifyPluginCallbackTypebox<{ readonly updater: Pick<UpdaterService, 'pause' | 'unpause' | 'cancel'> }> = (app, { updater }, done) => {
  app.post('/update/pause', { schema: { body: reasonBody, response: { 200: paused, ...problems } } }, async (request) => {
    const reason = request.body.reason.trim()
    await updater.pause(reason, callerOf(request))
    return { paused: true as const, pause_reason: reason, status: 'ok' as const }
  })

  app.post('/update/unpause', { schema: { response: { 200: resumed, ...problems } } }, async (request) => {
    await updater.unpause(callerOf(request))
    return { resumed: true as const, status: 'ok' as const }
  })

  app.post('/update/cancel', { schema: { response: { 202: cancelling, ...problems } } }, async (request, reply) => {
    await updater.cancel(callerOf(request))
    return reply.status(202).send({ cancelling: true, status: 'ok' })
  })
  done()
}
