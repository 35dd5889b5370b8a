import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { UpdaterService } from '../../updater/service.ts'
import type { DiskUsage } from '../disk-usage.ts'
import { diagnostics, problem } from '../schemas.ts'
import { wireDiagnostics } from '../wire.ts'

interface Options {
  readonly updater: Pick<UpdaterService, 'status' | 'diagnostics'>
  readonly diskUsage: () => Promise<DiskUsage[]>
  /** Limit of the look at the world, ms. */
  readonly limit: number
}

/** A look at the world: tree, containers, disk; with the status. */
export const diagnosticsRoutes: FastifyPluginCallbackTypebox<Options> = (app, { updater, diskUsage, limit }, done) => {
  app.get('/diagnostics', { schema: { response: { 200: diagnostics, '4xx': problem, '5xx': problem } } }, async () => {
    const [found, disks] = await Promise.all([updater.diagnostics(AbortSignal.timeout(limit)), diskUsage()])
    return wireDiagnostics(found, updater.status(), disks)
  })
  done()
}
