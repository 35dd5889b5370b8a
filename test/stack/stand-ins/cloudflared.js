import { get } from 'node:http'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { log, serve } from './service.js'

/**
 * Stands for cloudflared where its image cannot be pulled: `cloudflared tunnel run` wants a token, keeps asking the origin that
 * the real one is told by Cloudflare, and says on its metrics port whether it reaches it; `cloudflared tunnel ready` asks that.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-autoupdate': { type: 'boolean' }, metrics: { type: 'string' }, token: { type: 'string' }, url: { type: 'string' } },
})
const origin = values.url ?? 'http://zetherion-ai-traefik:8443'
const metrics = values.metrics ?? process.env['TUNNEL_METRICS'] ?? '127.0.0.1:20241'
const port = Number(metrics.split(':').pop())
/** Between two looks at the origin, ms. */
const pause = 1_000

/** @param {string} url @returns {Promise<number>} status; 0 when there is no answer */
function statusOf(url) {
  return new Promise((resolve) => {
    const call = get(url, { agent: false, signal: AbortSignal.timeout(5_000) }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.on('error', () => resolve(0))
  })
}

function run() {
  if ((values.token ?? process.env['TUNNEL_TOKEN'] ?? '') === '') throw new Error('"cloudflared tunnel run" requires the ID or name of the tunnel to run, or a token')
  let last = 0
  const look = async () => {
    const status = await statusOf(`${origin}/health`)
    if (status !== last) log({ name: 'cloudflared', message: 'origin', origin, status })
    last = status
    setTimeout(() => void look(), pause)
  }
  void look()
  serve({
    name: 'cloudflared',
    port,
    async answer({ path }) {
      if (path !== '/ready') return { status: 404, json: { error: 'not found' } }
      return { status: last === 200 ? 200 : 503, json: { status: last === 200 ? 200 : 503, readyConnections: last === 200 ? 4 : 0, connectorId: hostname() } }
    },
  })
}

const command = positionals.join(' ')
if (command === 'tunnel run') run()
else if (command === 'tunnel ready') process.exitCode = (await statusOf(`http://127.0.0.1:${port}/ready`)) === 200 ? 0 : 1
else {
  process.stdout.write('cloudflared version stand-in\n')
  process.exitCode = command === 'version' ? 0 : 2
}
