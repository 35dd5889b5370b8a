import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { parseRemote } from './remote.ts'

/**
 * How far the clock of the remote's web server is ahead of ours, ms, from the `Date` of an answer without credentials.
 * Null where there is no such server, it does not answer, or says no time.
 * @param address as `parseRemote` takes it
 */
export async function remoteSkew(address: string, signal: AbortSignal): Promise<number | null> {
  const { protocol, url } = parseRemote(address, undefined)
  if (protocol !== 'https' && protocol !== 'http') return null
  // Loaded only by who needs it.
  const { request } = protocol === 'https' ? await import('node:https') : await import('node:http')
  const begun = Date.now()
  const date = await dateOf(request, new URL('/', url), signal).catch(() => null) // whether the remote answers is another check's
  const time = Date.parse(date ?? '')
  // Whole seconds are told, on average half a one late.
  return Number.isNaN(time) ? null : time + 500 - (begun + Date.now()) / 2
}

type Request = (url: URL, options: RequestOptions, answered: (answer: IncomingMessage) => void) => ClientRequest

function dateOf(request: Request, url: URL, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: 'HEAD', agent: false, signal, timeout: limit, headers: { 'user-agent': 'zetherion-updater' } }, (answer) => {
      answer.resume()
      resolve(answer.headers.date ?? null)
    })
    asking.on('timeout', () => asking.destroy(new Error('no answer'))).on('error', reject).end()
  })
}

/** The look at everything else does not wait for it longer, ms. */
const limit = 3_000
