import type { FastifyInstance } from 'fastify'
import { UpdaterError } from '../rollout/errors.ts'

/**
 * Takes every body as JSON, whatever its content type says or does not say: the existing client need not send one.
 * No body is an empty one: a route that wants fields then says which are missing.
 */
export function readJson(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/json'
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parse(typeof body === 'string' ? body : body.toString('utf8')))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      done(new UpdaterError('invalid_request', `The body is not JSON: ${why}`))
    }
  })
  app.addHook('preValidation', async (request) => {
    request.body ??= {}
  })
}

function parse(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text)
}
