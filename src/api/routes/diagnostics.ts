import { setMaxListeners } from 'node:events'
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { inOrder, type Finding } from '../../diagnosis/finding.ts'
import type { Examine } from '../../diagnosis/installation.ts'
import type { UpdaterService } from '../../updater/service.ts'
import { callerOf } from '../caller.ts'
import type { DiskUsage } from '../disk-usage.ts'
import { diagnostics, problem, type DiagnosticsAnswer } from '../schemas.ts'
import { wireDiagnostics } from '../wire.ts'

interface Options {
  readonly updater: Pick<UpdaterService, 'status' | 'diagnostics' | 'reloadRoutes'>
  readonly diskUsage: () => Promise<DiskUsage[]>
  readonly examine: Examine
  /** Limit of the look at the world, ms. */
  readonly limit: number
}

const schema = { response: { 200: diagnostics, '4xx': problem, '5xx': problem } }

/** A look at everything: tree, containers, disk, machine; with the status. A GET changes nothing; a POST has Traefik take the routes anew. */
export const diagnosticsRoutes: FastifyPluginCallbackTypebox<Options> = (app, { updater, diskUsage, examine, limit }, done) => {
  let looking: Promise<Look> | null = null

  /** Those who ask at once share one look: it costs a call to the remote and to Compose. */
  const lookOnce = (): Promise<Look> => {
    looking ??= look().finally(() => {
      looking = null
    })
    return looking
  }

  async function look(): Promise<Look> {
    const signal = AbortSignal.timeout(limit)
    // Each check listens to it, and ends with it.
    setMaxListeners(0, signal)
    const { operation, lastBuildBytes } = updater.status()
    // Side by side: an entry point that hangs must not keep the rest from being looked at.
    const [found, machine] = await Promise.all([updater.diagnostics(signal), examine({ operation: operation?.id ?? null, lastBuildBytes }, signal)])
    return { found, findings: [...found.findings, ...machine] }
  }

  async function answer(findings: (found: readonly Finding[]) => readonly Finding[]): Promise<DiagnosticsAnswer> {
    const [looked, disks] = await Promise.all([lookOnce(), diskUsage()])
    return wireDiagnostics(looked.found, inOrder(findings(looked.findings)), updater.status(), disks)
  }

  app.get('/diagnostics', { schema }, () => answer((findings) => findings))

  app.post('/diagnostics', { schema }, async (request) => {
    const reloaded = await updater.reloadRoutes(callerOf(request))
    return answer((findings) => findings.map((finding) => (finding.check === reloaded.check ? reloaded : finding)))
  })
  done()
}

interface Look {
  readonly found: Awaited<ReturnType<UpdaterService['diagnostics']>>
  readonly findings: readonly Finding[]
}
