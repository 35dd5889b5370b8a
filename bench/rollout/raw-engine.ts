import { request } from 'node:http'
import type { Readable } from 'node:stream'

/** The engine's HTTP API with nothing around it. */
export interface RawEngine {
  /** @throws Error for an answer that is no 2xx, with its body */
  readonly call: (method: 'GET' | 'POST' | 'DELETE', path: string, body?: Readable) => Promise<string>
}

const limit = 120_000

export function rawEngine(socketPath: string): RawEngine {
  return {
    call: (method, path, body) => new Promise((resolve, reject) => {
      const asked = request({ socketPath, method, path, agent: false, timeout: limit, ...(body && { headers: { 'content-type': 'application/x-tar' } }) }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const status = answer.statusCode ?? 0
          if (status >= 200 && status < 300 && !text.includes('"errorDetail"')) resolve(text)
          else reject(new Error(`${method} ${path}: ${status} ${text.slice(-500)}`))
        })
      }).on('error', reject)
      if (body === undefined) asked.end()
      else body.pipe(asked)
    }),
  }
}
