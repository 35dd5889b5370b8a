import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { UpdaterService } from '../../updater/service.ts'
import { operationParams } from '../bodies.ts'
import { operationAnswer, problem } from '../schemas.ts'
import { wireOperationView } from '../wire.ts'

/** How an operation stands: where a `202 Accepted` points to. */
export const operationRoutes: FastifyPluginCallbackTypebox<{ readonly updater: Pick<UpdaterService, 'operation'> }> = (app, { updater }, done) => {
  app.get(
    '/update/operations/:id',
    { schema: { params: operationParams, response: { 200: operationAnswer, '4xx': problem, '5xx': problem } } },
    async (request) => wireOperationView(await updater.operation(request.params.id)),
  )
  done()
}
