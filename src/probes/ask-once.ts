import { STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import type { ProbeAnswer } from '../rollout/model.ts'
import { stampHeader } from '../rollout/stamp.ts'
import { detailOf } from './failure-detail.ts'

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
 * One GET. Redirects are answers, not followed. The body is read to its end, since an answer that breaks off is none.
 * @throws the signal's reason when it is aborted; nothing else
 */
export async function askOnce(dispatcher: Dispatcher, question: Question): Promise<ProbeAnswer> {
  const { signal, limit } = question
  signal.throwIfAborted()
  const ended = new AbortController()
  const onAbort = () => ended.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => ended.abort(), limit)
  try {
    return await ask(dispatcher, question, ended.signal)
  } catch (error) {
    signal.throwIfAborted()
    const detail = ended.signal.aborted ? `no whole answer within ${limit} ms` : detailOf(error)
    return { healthy: false, status: null, stamp: null, detail }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

async function ask(dispatcher: Dispatcher, question: Question, signal: AbortSignal): Promise<ProbeAnswer> {
  const url = new URL(question.url)
  const { statusCode, headers, body } = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: { accept: '*/*', 'user-agent': 'zetherion-updater', ...(question.host !== null && { host: question.host }) },
    signal,
  })
  await drain(body)
  const stamp = headers[stampHeader.toLowerCase()]
  return {
    healthy: statusCode >= 200 && statusCode < 300,
    status: statusCode,
    stamp: typeof stamp === 'string' ? stamp : null,
    detail: `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim(),
  }
}

/** Leaving the loop early destroys the rest of the body, and with it the connection. */
async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bodyLimit) return
  }
}
