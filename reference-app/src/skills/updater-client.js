import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { describeError } from '../service/log.js'
import { RequestError } from '../service/request-body.js'

/**
 * @typedef {import('../service/http-service.js').Call} Call
 * @typedef {import('../service/http-service.js').Answer} Answer
 */

/** An apply answers at its commit point, which may take a whole build. */
const TIMEOUT_MS = 900_000

/**
 * Hands calls on to the updater, with the secret that both share, and gives its answers back unchanged.
 * A caller that hangs up does not stop the updater's call.
 * @param {{ url: string, secretPath: string, timeoutMs?: number }} settings
 */
export function createUpdaterClient({ url, secretPath, timeoutMs = TIMEOUT_MS }) {
  /**
   * @param {'GET' | 'POST'} method
   * @param {string} path
   * @returns {(call: Call) => Promise<Answer>}
   */
  const forward = (method, path) => async (call) => {
    // Read for each call, because the secret may be rotated at any time.
    const secret = await readSecret(secretPath)
    const prefer = call.headers.prefer
    const headers = {
      'X-Updater-Secret': secret,
      ...(call.body.length > 0 ? { 'Content-Type': 'application/json', 'Content-Length': call.body.length } : {}),
      ...(typeof prefer === 'string' ? { Prefer: prefer } : {}),
    }
    return ask(new URL(path, url), { method, headers, timeoutMs }, call.body).catch((error) => {
      throw new RequestError(502, `the updater gave no answer to ${method} ${path}: ${describeError(error)}`)
    })
  }
  return { forward }
}

/** @param {string} secretPath */
async function readSecret(secretPath) {
  const secret = await readFile(secretPath, 'utf8').catch((error) => {
    throw new RequestError(503, `the updater's secret cannot be read: ${describeError(error)}`)
  })
  if (secret.trim() === '') throw new RequestError(503, `the updater's secret is empty: ${secretPath}`)
  return secret.trim()
}

/**
 * node:http rather than fetch, which gives up waiting for headers after 300 s.
 * @param {URL} url
 * @param {{ method: string, headers: Record<string, string | number>, timeoutMs: number }} options
 * @param {Buffer} body
 * @returns {Promise<Answer>}
 */
function ask(url, { method, headers, timeoutMs }, body) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const request = httpRequest(url, { method, headers, agent: false, signal }, (response) => {
      /** @type {Buffer[]} */
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { 'content-type': type = 'application/json', location } = response.headers
        resolve({
          status: response.statusCode ?? 502,
          body: Buffer.concat(chunks),
          headers: { 'Content-Type': type, ...(location === undefined ? {} : { Location: location }) },
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
