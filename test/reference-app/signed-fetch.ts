import { signRequest } from '../../reference-app/src/service/signature.js'
import { SKILLS_SECRET } from './program.ts'

export interface SignedOptions {
  readonly method?: string
  readonly body?: string
  /** Unix seconds of the signature. */
  readonly now?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls skills with a signature made for exactly this request. */
export function signedFetch(url: string, { method = 'GET', body, now, headers = {} }: SignedOptions = {}): Promise<Response> {
  const { pathname, search } = new URL(url)
  const signature = signRequest({
    secret: SKILLS_SECRET,
    method,
    path: pathname + search,
    ...(body === undefined ? {} : { body }),
    ...(now === undefined ? {} : { now }),
  })
  return fetch(url, { method, headers: { ...headers, 'X-API-Secret': signature }, ...(body === undefined ? {} : { body }) })
}
