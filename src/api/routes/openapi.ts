import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'

/** The contract as OpenAPI 3.1. Like every path but `/health` it wants the secret. */
export const openapiRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  done()
}
