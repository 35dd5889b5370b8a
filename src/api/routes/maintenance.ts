import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import * as Type from 'typebox'
import type { UpdaterService } from '../../updater/service.ts'
import { reasonBody } from '../bodies.ts'
import { callerOf } from '../caller.ts'
import { maintenance, problem } from '../schemas.ts'
import { wireMaintenance } from '../wire.ts'

const entered = Type.Object({ maintenance, status: Type.Literal('ok') })
const left = Type.Object({
  maintenance: Type.Null(),
  findings: Type.Array(Type.String(), { description: 'what is not as it should be, after a look at the stack' }),
  status: Type.Literal('ok'),
})
const problems = { '4xx': problem, '5xx': problem }

/** Maintenance mode: an operator works on the stack by hand, and the updater keeps its hands off it. */
export const maintenanceRoutes: FastifyPluginCallbackTypebox<{ readonly updater: Pick<UpdaterService, 'enterMaintenance' | 'leaveMaintenance'> }> = (app, { updater }, done) => {
  app.post('/maintenance', { schema: { body: reasonBody, response: { 200: entered, ...problems } } }, async (request) => {
    const set = await updater.enterMaintenance(request.body.reason.trim(), callerOf(request))
    return { maintenance: wireMaintenance(set), status: 'ok' as const }
  })

  app.delete('/maintenance', { schema: { response: { 200: left, ...problems } } }, async (request) => {
    const findings = await updater.leaveMaintenance(callerOf(request))
    return { maintenance: null, findings: [...findings], status: 'ok' as const }
  })
  done()
}
