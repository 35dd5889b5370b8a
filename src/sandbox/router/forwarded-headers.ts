import type { IncomingMessage } from 'node:http'

/** RFC 9110, section 7.6.1, and what proxies have always kept to themselves. */
const hopByHop = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/** Headers of a message that go on to the next hop: values of one name stay apart. */
export function endToEndHeaders(message: IncomingMessage): Record<string, string[]> {
  const named = (message.headers.connection ?? '').toLowerCase().split(',').map((name) => name.trim())
  const entries = Object.entries(message.headersDistinct).filter(([name]) => !hopByHop.includes(name) && !named.includes(name))
  return Object.fromEntries(entries.map(([name, values]) => [name, values ?? []]))
}

/** A request's headers for the backend. What a client claims about its origin is not believed, as Traefik does by default. */
export function backendHeaders(request: IncomingMessage, strippedPrefix: string | null): Record<string, string | string[]> {
  const { host } = request.headers
  return {
    ...endToEndHeaders(request),
    ...(host === undefined ? {} : { host, 'x-forwarded-host': host }),
    'x-forwarded-for': request.socket.remoteAddress ?? '',
    'x-forwarded-proto': 'http',
    ...(strippedPrefix === null ? {} : { 'x-forwarded-prefix': strippedPrefix }),
    // Framing is per hop, but a body of unknown length needs it again, whatever the method.
    ...(request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' }),
  }
}

/** Whether a body follows. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}
