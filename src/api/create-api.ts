import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Examine } from '../diagnosis/installation.ts'
import type { Clock } from '../rollout/ports.ts'
import type { UpdaterService } from '../updater/service.ts'
import { answerError, answerErrors } from './answer-errors.ts'
import { authenticate } from './authenticate.ts'
import type { SecretCheck } from './authenticate.ts'
import { answerBrokenConnection } from './broken-connections.ts'
import { limitConnectionsPerAddress } from './connections-per-address.ts'
import type { DiskUsage } from './disk-usage.ts'
import { endAtClose } from './end-at-close.ts'
import { logRequests } from './log-requests.ts'
import { describeApi } from './openapi.ts'
import { readJson } from './read-json.ts'
import { diagnosticsRoutes } from './routes/diagnostics.ts'
import { healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { holdRoutes } from './routes/holds.ts'
import { maintenanceRoutes } from './routes/maintenance.ts'
import { openapiRoutes } from './routes/openapi.ts'
import { operationRoutes } from './routes/operations.ts'
import { rolloutRoutes } from './routes/rollouts.ts'
import { statusRoutes } from './routes/status.ts'
import { answerUnknownRoutes } from './unknown-routes.ts'
import { countWrongSecrets } from './wrong-secrets.ts'
import type { WrongSecretLimit } from './wrong-secrets.ts'

/** Bounds of the API itself (fault 42), times in ms. */
export interface ApiLimits {
  /** Until all headers have arrived, from the connection on. */
  readonly headers: number
  /** Until the whole request has arrived. The answer has no limit: an apply takes as long as it takes. */
  readonly request: number
  /** How long a kept-alive connection may idle. Traefik's and Node's clients keep theirs shorter. */
  readonly keepAlive: number
  readonly connections: number
  /** Of these, how many one address may have at once. */
  readonly connectionsPerAddress: number
  readonly diagnostics: number
  /** For answers that are under way when the API closes; what takes longer is cut off. */
  readonly closing: number
  readonly wrongSecrets: WrongSecretLimit
}

export const defaultApiLimits: ApiLimits = {
  headers: 5_000,
  request: 10_000,
  keepAlive: 30_000,
  connections: 256,
  connectionsPerAddress: 32,
  diagnostics: 20_000,
  closing: 2_000,
  wrongSecrets: { attempts: 30, window: 60_000 },
}

export interface ApiParts {
  readonly updater: UpdaterService
  readonly secret: SecretCheck
  /** pino. */
  readonly log: FastifyBaseLogger
  readonly clock: Pick<Clock, 'monotonic'>
  readonly tagPattern: RegExp
  readonly diskUsage: () => Promise<DiskUsage[]>
  /** A look at machine and installation, which the updater itself does not know. Never rejects. */
  readonly examine: Examine
  readonly limits?: ApiLimits
}

const bodyLimit = 64 * 1024

/**
 * Nothing is coerced or taken away: what a caller sends is judged as it is. Bodies are small, so all errors are told.
 * The schemas are our own and held by tests; to compile ajv's schema of schemas would cost the start 90 ms.
 */
const judgement = { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true, verbose: true, validateSchema: false, meta: false, code: { optimize: false } } as const

/** The control API over an updater. It never listens by itself: the caller does, or injects. */
export function createApi(parts: ApiParts): FastifyInstance {
  const { updater, secret, clock, tagPattern, diskUsage, examine, limits = defaultApiLimits } = parts
  const app = createServer(parts.log, limits)
  answerErrors(app)
  logRequests(app)
  authenticate(app, secret, countWrongSecrets(limits.wrongSecrets, clock))
  answerUnknownRoutes(app)
  readJson(app)
  void app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } }, strictTransportSecurity: false })
  void app.register(swagger, describeApi())
  void app.register(healthRoutes)
  void app.register(statusRoutes, { updater })
  void app.register(rolloutRoutes, { updater, tagPattern })
  void app.register(operationRoutes, { updater })
  void app.register(holdRoutes, { updater })
  void app.register(maintenanceRoutes, { updater })
  void app.register(historyRoutes, { updater })
  void app.register(diagnosticsRoutes, { updater, diskUsage, examine, limit: limits.diagnostics })
  void app.register(openapiRoutes)
  return app
}

function createServer(log: FastifyBaseLogger, limits: ApiLimits): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    connectionTimeout: 0,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.keepAlive,
    http: { headersTimeout: limits.headers, connectionsCheckingInterval: Math.min(1_000, limits.headers) },
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: answerError,
    forceCloseConnections: 'idle',
    ajv: { customOptions: judgement },
    // wire.ts builds exactly what the schemas say, which tests hold; compiled serializers would cost the start 150 ms.
    schemaController: { compilersFactory: { buildSerializer: () => () => JSON.stringify } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.server.maxConnections = limits.connections
  limitConnectionsPerAddress(app.server, limits.connectionsPerAddress)
  endAtClose(app, limits.closing)
  return app
}
