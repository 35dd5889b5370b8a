import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { UpdaterService } from '../../updater/service.ts'
import { problem, status } from '../schemas.ts'
import { wireStatus } from '../wire.ts'

/** What serves now, what was tried, why it ended, what holds (I11). */
export const statusRoutes: FastifyPluginCallbackTypebox<{ readonly updater: Pick<UpdaterService, 'status'> }> = (app, { updater }, done) => {
  app.get('/status', { schema: { response: { 200: status, '4xx': problem } } }, () => wireStatus(updater.status()))
  done()
}
