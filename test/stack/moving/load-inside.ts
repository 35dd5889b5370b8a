import { startLoad, type Load } from '../../../demo/stack/load.ts'
import { loadTargetsOf, releaseOf } from '../../../demo/stack/load-targets.ts'

/*
 * A program: load on both entry points from inside the stack's network, where Traefik is found by its name, as bot and tunnel
 * find it. On SIGTERM it waits for a few answers more, tells what it saw on its output, and ends.
 */

export type LoadReport = Pick<Load, 'sent' | 'failed' | 'served'>

/** Requests after the signal, so that what serves at the end is among what was seen. */
const last = 40
/** Of each of the eight workers between two requests, ms: steady, and little of what builds and containers have on two cores. */
const pause = 100

const kept = loadTargetsOf({ skills: 'http://zetherion-ai-traefik:8080', api: 'http://zetherion-ai-traefik:8443' })
/** Others ask with a connection each, and look the name up every time. */
const anew = kept.map((target) => ({ name: `${target.name} anew`, url: target.url, headers: () => ({ ...target.headers(), connection: 'close' }) }))
const load = startLoad([...kept, ...anew], releaseOf, pause)

process.once('SIGTERM', () => {
  const enough = load.sent + last
  const looking = setInterval(() => {
    if (load.sent < enough) return
    clearInterval(looking)
    void load.stop().then(() => {
      const report: LoadReport = { sent: load.sent, failed: load.failed, served: load.served }
      process.stdout.write(`${JSON.stringify(report)}\n`)
    })
  }, 50)
})
