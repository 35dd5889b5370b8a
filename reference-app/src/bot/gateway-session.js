import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { onMessages, sendMessage } from '../service/json-lines.js'
import { describeError } from '../service/log.js'

/**
 * @typedef {import('node:net').Socket} Socket
 *
 * @typedef {object} GatewaySettings
 * @property {URL} url `tcp://host:port`
 * @property {import('../service/release.js').Release} release told when identifying
 * @property {import('../service/log.js').Log} log
 *
 * @typedef {{ isOpen(): boolean, close(): Promise<void> }} GatewaySession
 */

const HEARTBEAT_MS = 1_000
/** Without a word from the gateway for this long the connection counts as dead. */
const SILENCE_MS = 5_000
const BACKOFF_MS = { first: 100, most: 5_000 }
const CLOSE_ACK_MS = 2_000

/**
 * Holds one gateway session: connects, identifies, beats, and connects again with a growing pause when it was lost.
 * @param {GatewaySettings} settings
 * @returns {GatewaySession}
 */
export function holdGatewaySession({ url, release, log }) {
  const leaving = new AbortController()
  const instance = randomUUID()
  /** @type {Socket | null} */
  let open = null

  /** @param {string} session */
  const onReady = (session) => {
    log.info('the gateway session is open', { session })
  }
  /** One connection, from connect to its end. */
  const hold = async () => {
    const socket = connect({ host: url.hostname, port: Number(url.port), timeout: SILENCE_MS })
    // Not events.once, which rejects on 'error': a failed connection is a reason to try again.
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', (error) => log.error('the gateway connection failed', { error: describeError(error) }))
    socket.on('timeout', () => socket.destroy())
    socket.on('connect', () => sendMessage(socket, { op: 'identify', instance, release }))
    onMessages(socket, (message) => {
      if (message.op !== 'ready') return
      onReady(String(message.session))
      open = socket
    })
    const giveUp = () => {
      if (open !== socket) socket.destroy()
    }
    leaving.signal.addEventListener('abort', giveUp, { once: true })
    const heart = setInterval(() => sendMessage(socket, { op: 'heartbeat' }), HEARTBEAT_MS)
    await ended
    clearInterval(heart)
    leaving.signal.removeEventListener('abort', giveUp)
    const wasOpen = open === socket
    open = null
    return wasOpen
  }
  const holding = keepTrying(hold, leaving.signal)

  const close = async () => {
    leaving.abort()
    const socket = open
    if (socket !== null) sendMessage(socket, { op: 'close' })
    // The gateway acknowledges and ends the connection.
    const limit = setTimeout(() => socket?.destroy(), CLOSE_ACK_MS)
    await holding
    clearTimeout(limit)
  }
  return { isOpen: () => open !== null, close }
}

/**
 * @param {() => Promise<boolean>} hold gives whether the session had been open
 * @param {AbortSignal} signal
 */
async function keepTrying(hold, signal) {
  let pause = BACKOFF_MS.first
  while (!signal.aborted) {
    pause = (await hold()) ? BACKOFF_MS.first : Math.min(pause * 2, BACKOFF_MS.most)
    await pauseFor(pause, signal)
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal ends the pause early
 */
async function pauseFor(ms, signal) {
  await delay(ms, undefined, { signal }).catch((error) => {
    if (!signal.aborted) throw error
  })
}
