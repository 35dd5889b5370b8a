/** A request that is the caller's mistake: answered with its status and sentence. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   */
  constructor(status, sentence) {
    super(sentence)
    this.status = status
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {number} limit bytes
 * @returns {Promise<Buffer>}
 * @throws {RequestError} 413 when the body is larger
 */
export function readBody(request, limit) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = []
    let size = 0
    request.on('data', (chunk) => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= limit) return
      // Only paused: destroying the request would close the connection before the caller has the answer.
      request.pause()
      reject(new RequestError(413, `the body is larger than ${limit} bytes`))
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

/**
 * @param {Buffer} body
 * @returns {unknown}
 * @throws {RequestError} 400 when it is not JSON
 */
export function parseJson(body) {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new RequestError(400, 'the body is not JSON')
  }
}
