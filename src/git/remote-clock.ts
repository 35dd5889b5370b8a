import { parseRemote } from './remote.ts'

/**
 * How far the clock of the remote's web server is ahead of ours, ms, from the `Date` of an answer without credentials.
 * Null where there is no such server, it does not answer, or says no time.
 * @param address as `parseRemote` takes it
 */
export async function remoteSkew(address: string, signal: AbortSignal): Promise<number | null> {
  const { protocol, url } = parseRemote(address, undefined)
  if (protocol !== 'https') return null
  const begun = Date.now()
  const date = await dateOf(new URL('/', url), signal).catch(() => null) // whether the remote answers is another check's
  const time = Date.parse(date ?? '')
  // Whole seconds are told, on average half a one late.
  return Number.isNaN(time) ? null : time + 500 - (begun + Date.now()) / 2
}

async function dateOf(url: URL, signal: AbortSignal): Promise<string | null> {
  // TLS is loaded only by who needs it.
  const { request } = await import('node:https')
  return new Promise((resolve, reject) => {
    request(url, { method: 'HEAD', agent: false, signal, timeout: limit, headers: { 'user-agent': 'zetherion-updater' } })
      .once('response', (answer) => {
        answer.resume()
        resolve(answer.headers.date ?? null)
      })
      .once('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('no answer'))
      })
      .on('error', reject)
      .end()
  })
}

/** The look at everything else does not wait for it longer, ms. */
const limit = 3_000
