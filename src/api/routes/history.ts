import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { UpdaterService } from '../../updater/service.ts'
import { history, problem } from '../schemas.ts'
import { wireHistory } from '../wire.ts'

/** Every operation that ended, oldest first. */
export const historyRoutes: FastifyPluginCallbackTypebox<{ readonly updater: Pick<UpdaterService, 'history'> }> = (app, { updater }, done) => {
  app.get('/update/history', { schema: { response: { 200: history, '4xx': problem, '5xx': problem } } }, async () => wireHistory(await updater.history()))
  done()
}
