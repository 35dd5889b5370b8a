import { request } from 'undici'
import { signRequest } from '../../reference-app/src/service/signature.js'
import { skillsSecret } from './project.ts'

/** An answer of the control API. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Speaks the control API as the skills service does: header `X-Updater-Secret`, up to 15 minutes for an apply. */
export interface Client {
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

/** @param url base URL of the API; asked at each call, since a restarted daemon may listen elsewhere */
export function createClient(url: () => string, secret: string): Client {
  return clientOf(url, () => ({ 'x-updater-secret': secret }))
}

/** Speaks to the skills service through its route, signed as the bot signs. */
export function createSkillsClient(url: () => string): Client {
  return clientOf(url, (method, path, body) => ({ 'x-api-secret': signRequest({ secret: skillsSecret, method, path, ...(body !== undefined && { body }) }) }))
}

type Sign = (method: 'GET' | 'POST', path: string, body: string | undefined) => Record<string, string>

function clientOf(url: () => string, sign: Sign): Client {
  const call = async (method: 'GET' | 'POST', path: string, content?: unknown, more: Record<string, string> = {}): Promise<Answer> => {
    const body = content === undefined ? undefined : JSON.stringify(content)
    const answer = await request(`${url()}${path}`, {
      method,
      headers: { ...sign(method, path, body), ...(body !== undefined && { 'content-type': 'application/json' }), ...more },
      ...(body !== undefined && { body }),
      headersTimeout: 900_000,
      bodyTimeout: 900_000,
    })
    const answered: unknown = await answer.body.json()
    if (!isRecord(answered)) throw new Error(`${method} ${path} was not answered by a JSON object`)
    return { status: answer.statusCode, headers: answer.headers, body: answered }
  }
  return { get: (path) => call('GET', path), post: (path, body, headers) => call('POST', path, body, headers) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
