/**
 * @typedef {Record<string, unknown>} Details
 * @typedef {{ info(message: string, details?: Details): void, error(message: string, details?: Details): void }} Log
 */

/**
 * A log of JSON lines: `{"time","level","service","message",…details}`.
 * @param {string} service
 * @param {(line: string) => void} [write] receives each line with its newline; default: standard output
 * @returns {Log}
 */
export function createLog(service, write = (line) => process.stdout.write(line)) {
  /** @param {'info' | 'error'} level */
  const at = (level) => (/** @type {string} */ message, /** @type {Details} */ details = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, service, message, ...details })}\n`)
  }
  return { info: at('info'), error: at('error') }
}

/**
 * @param {unknown} error
 * @returns {string} its message, with the system's code when it has one and does not say it
 */
export function describeError(error) {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return error.message === '' || !error.message.includes(code) ? `${code} ${error.message}`.trim() : error.message
}
