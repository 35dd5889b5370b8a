import type { FastifyInstance } from 'fastify'

/**
 * Ends what is still open a while after the API was told to close. Node looks for late requests no more from then on, so that
 * a client which connected and says nothing, or never reads its answer, would keep the daemon from leaving (faults 42 and 43).
 */
export function endAtClose(app: FastifyInstance, milliseconds: number): void {
  app.addHook('preClose', (done) => {
    const timer = setTimeout(() => app.server.closeAllConnections(), milliseconds)
    app.server.once('close', () => clearTimeout(timer))
    timer.unref()
    done()
  })
}
