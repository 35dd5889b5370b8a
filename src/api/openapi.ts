import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

/** What `GET /openapi.json` says of the API as a whole; the rest comes from the routes' schemas. */
export function describeApi(): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'zetherion-updater control API',
        version: '1',
        description: 'Keeps a Docker Compose stack behind Traefik on its newest good release. Errors are RFC 9457 problem documents.',
      },
      components: {
        securitySchemes: {
          secret: { type: 'apiKey', in: 'header', name: 'X-Updater-Secret' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ secret: [] }, { bearer: [] }],
    },
  }
}
