import { request, STATUS_CODES, type IncomingMessage, type RequestOptions } from 'node:http'
import type { ProbeAnswer } from '../rollout/model.ts'
import { stampHeader } from '../rollout/stamp.ts'
import { detailOf, isRefusal } from './failure-detail.ts'

export interface Question {
  readonly url: string
  /** `Host` header where it differs from the URL's. */
  readonly host: string | null
  /** Milliseconds for the whole answer. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** What a health endpoint may answer with; more is not read. */
const bodyLimit = 64 * 1024

/**
 * One GET over HTTP/1.1 on a connection of its own: a kept one could still lead to the retired color. Redirects are
 * answers, not followed. The body is read to its end, since an answer that breaks off is none.
 * @throws the signal's reason when it is aborted; nothing else
 */
export async function askOnce(question: Question): Promise<ProbeAnswer> {
  const { signal, limit } = question
  signal.throwIfAborted()
  const ended = new AbortController()
  const onAbort = () => ended.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => ended.abort(), limit)
  try {
    return await ask(question, ended.signal)
  } catch (error) {
    signal.throwIfAborted()
    const detail = ended.signal.aborted ? `no whole answer within ${limit} ms` : detailOf(error)
    return { healthy: false, status: null, stamp: null, detail, ...(isRefusal(error) && { refused: true }) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

async function ask(question: Question, signal: AbortSignal): Promise<ProbeAnswer> {
  const answer = await send(new URL(question.url), {
    agent: false,
    headers: { accept: '*/*', 'user-agent': 'zetherion-updater', ...(question.host !== null && { host: question.host }) },
    signal,
  })
  await drain(answer)
  const { statusCode = 0, headers } = answer
  const stamp = headers[stampHeader.toLowerCase()]
  return {
    healthy: statusCode >= 200 && statusCode < 300,
    status: statusCode,
    stamp: typeof stamp === 'string' ? stamp : null,
    detail: `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim(),
  }
}

async function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  // TLS is loaded only by who needs it.
  const ask = url.protocol === 'https:' ? (await import('node:https')).request : request
  return new Promise((resolve, reject) => {
    // An error after the headers is also told here, where nobody waits any more: whoever reads the body meets it there.
    ask(url, options).once('response', resolve).on('error', reject).end()
  })
}

/** Leaving the loop early destroys the rest of the body, and with it the connection. */
async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bodyLimit) return
  }
}
