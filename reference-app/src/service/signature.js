import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * @typedef {object} SignedParts what the signature covers
 * @property {string} secret
 * @property {string} method
 * @property {string} path request target as the service receives it, query included
 * @property {string | Buffer} [body]
 * @property {number} [now] unix time in seconds
 */

/** How far a timestamp may lie from the service's clock, in seconds, either way. */
const REPLAY_WINDOW_SECONDS = 300

/**
 * The value of the `X-API-Secret` header: `t=<unix seconds>,v1=<hex HMAC-SHA256>`.
 * @param {SignedParts} parts
 */
export function signRequest({ now = unixSeconds(), ...parts }) {
  return `t=${now},v1=${digest(String(now), parts).toString('hex')}`
}

/**
 * @param {SignedParts & { header: string | undefined }} request
 * @returns {string | null} why the request is refused, or null when its signature is good
 */
export function refuseSignature({ header, now = unixSeconds(), ...parts }) {
  if (header === undefined) return 'X-API-Secret is missing'
  const [, timestamp, signature] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? []
  if (timestamp === undefined || signature === undefined) {
    return 'X-API-Secret must read t=<unix seconds>,v1=<64 hex digits>'
  }
  if (!timingSafeEqual(digest(timestamp, parts), Buffer.from(signature, 'hex'))) {
    return 'X-API-Secret does not match this request'
  }
  if (Math.abs(now - Number(timestamp)) > REPLAY_WINDOW_SECONDS) {
    return `X-API-Secret is outside the ${REPLAY_WINDOW_SECONDS} s window`
  }
  return null
}

/**
 * Newlines cannot occur in a timestamp, method or path, so no two requests share one text.
 * @param {string} timestamp
 * @param {Omit<SignedParts, 'now'>} parts
 */
function digest(timestamp, { secret, method, path, body = '' }) {
  return createHmac('sha256', secret).update(`${timestamp}\n${method}\n${path}\n`).update(body).digest()
}

function unixSeconds() {
  return Math.floor(Date.now() / 1000)
}
