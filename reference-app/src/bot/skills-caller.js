import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '../service/log.js'
import { signRequest } from '../service/signature.js'

/**
 * @typedef {object} CallerSettings
 * @property {URL} url where skills is reached: Traefik, never a color
 * @property {string} secret
 * @property {number} intervalMs
 * @property {import('../service/log.js').Log} log
 */

const TIMEOUT_MS = 5_000
/** Until the first good answer the bot is unhealthy, so it asks more often. */
const FIRST_INTERVAL_MS = 250

/**
 * Asks skills for its list again and again.
 * @param {CallerSettings} settings
 */
export function callSkills({ url, secret, intervalMs, log }) {
  const leaving = new AbortController()
  const agent = new Agent({ keepAlive: true })
  let reached = false

  const callOnce = async () => {
    const started = performance.now()
    try {
      const status = await getSkills({ url, secret, agent })
      if (status !== 200) throw new Error(`skills answered ${status}`)
      reached = true
      log.info('skills answered', { ms: Math.round(performance.now() - started) })
    } catch (error) {
      log.error('skills cannot be reached', { error: describeError(error) })
    }
  }
  const run = async () => {
    while (!leaving.signal.aborted) {
      await callOnce()
      const pause = reached ? intervalMs : Math.min(intervalMs, FIRST_INTERVAL_MS)
      await delay(pause, undefined, { signal: leaving.signal }).catch((error) => {
        if (!leaving.signal.aborted) throw error
      })
    }
  }
  const running = run()

  /** Waits for the call in flight. */
  const close = async () => {
    leaving.abort()
    await running
    agent.destroy()
  }
  return { hasReached: () => reached, close }
}

/**
 * @param {{ url: URL, secret: string, agent: Agent }} settings
 * @returns {Promise<number>} the status of the answer
 */
function getSkills({ url, secret, agent }) {
  const path = '/skills'
  return new Promise((resolve, reject) => {
    const headers = { 'X-API-Secret': signRequest({ secret, method: 'GET', path }) }
    const request = get(new URL(path, url), { agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      response.on('error', reject)
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
    request.on('error', reject)
  })
}
