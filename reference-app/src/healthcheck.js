import { get } from 'node:http'
import { isProgram } from './service/program.js'

const TIMEOUT_MS = 2_000

/**
 * Asks a health URL once. For images that have neither a shell nor curl.
 * @param {string} url
 * @returns {Promise<boolean>} whether the answer was 200
 */
export function isHealthy(url) {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
}

if (isProgram(import.meta.url)) {
  const url = process.argv[2]
  if (url === undefined) {
    process.stderr.write('usage: node healthcheck.js URL\n')
    process.exit(2)
  }
  process.exit((await isHealthy(url)) ? 0 : 1)
}
