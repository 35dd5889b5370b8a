import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import * as Type from 'typebox'

const answer = Type.Object({ status: Type.Literal('ok') })

/** Liveness only: never depends on git, Docker or Traefik, and needs no secret. */
export const healthRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.get('/health', { schema: { security: [], response: { 200: answer } } }, () => ({ status: 'ok' as const }))
  done()
}
