import { onLoopback } from '../../http/loopback.ts'

/** What an updater says with which all is well. */
export const good = {
  active_color: 'blue', active: { tag: 'v1.0.0' }, paused: false, pause_reason: null,
  checks: [{ id: 'engine', verdict: 'ok', found: 'It answers.', advice: null }],
}

/** What was asked of a server. */
export interface Asked {
  readonly method: string | undefined
  readonly secret: unknown
}

/** A server that answers a call with this, or never, and the address that it has; it ends with the test. */
export async function serving(
  status: number, body: string | ((asked: Asked) => { readonly status: number; readonly body: string } | null), headers: Record<string, string> = {},
): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const port = await onLoopback((request, response) => {
    const one = { method: request.method, secret: request.headers['x-updater-secret'] }
    asked.push(one)
    const answer = typeof body === 'string' ? { status, body } : body(one)
    if (answer !== null) response.writeHead(answer.status, headers).end(answer.body)
  })
  return { url: `http://127.0.0.1:${port}`, asked }
}
