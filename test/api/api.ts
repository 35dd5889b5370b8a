import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { createApi, defaultApiLimits } from '../../src/api/create-api.ts'
import type { ApiParts } from '../../src/api/create-api.ts'
import { fakeUpdater } from './fake-updater.ts'

export const secret = 'the-shared-secret'

/** A fresh API of this test alone, closed when the test ends. */
export function freshApi(parts: Partial<ApiParts> = {}): FastifyInstance {
  const app = createApi({
    updater: fakeUpdater(),
    secret: { matches: async (candidate) => candidate === secret, problem: () => null },
    log: pino({ level: 'silent' }),
    clock: { monotonic: () => 0 },
    tagPattern: /^v?\d+\.\d+\.\d+$/,
    diskUsage: () => Promise.reject(new Error('the test did not model diskUsage')),
    examine: () => Promise.reject(new Error('the test did not model examine')),
    limits: defaultApiLimits,
    ...parts,
  })
  onTestFinished(() => app.close())
  return app
}

/** One call with the right secret. */
export function call(app: FastifyInstance, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: InjectOptions['payload'], headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  return app.inject({ method, url, headers: { 'x-updater-secret': secret, ...headers }, ...(payload === undefined ? {} : { payload }) })
}
