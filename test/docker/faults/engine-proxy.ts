import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to a call. */
export type Trouble =
  /** It is taken and never answered, and has no effect. */
  | 'swallow'
  /** It has its effect, but only a part of the answer comes, and the connection stays open. */
  | 'half'
  /** The connection breaks before anything is passed on, and with it all others that are open, such as those that tell of events. */
  | 'reset'
  /** It has no effect: the engine failed, and says so in these words. */
  | { readonly fails: string }
  /** It has its effect at once; the answer comes so many ms later. */
  | { readonly answerAfter: number }
  /** It has its effect only at `land`, whether or not anybody still waits for the answer. */
  | 'late'

export interface Call {
  readonly method: string
  /** Without version and query: `/containers/json`. */
  readonly path: string
}

/** A socket in front of the engine's, for the updater and its Compose alone; does what a test says to calls. */
export interface EngineProxy {
  readonly dockerHost: string
  /** From now on; null for a call lets it pass. */
  misbehave(trouble: (call: Call) => Trouble | null): void
  /** From now on every call passes. What was swallowed stays so. */
  behave(): void
  /** Calls that something was done to since the last `misbehave`. */
  readonly troubled: readonly Call[]
  /** Lets the calls that are late reach the engine. */
  land(): void
  /** Late calls that have reached the engine since the last `misbehave`. */
  readonly landed: readonly Call[]
  close(): Promise<void>
}

export async function startEngineProxy(socketPath: string): Promise<EngineProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-proxy-'))
  const troubled: Call[] = []
  const landed: Call[] = []
  const waiting: (() => void)[] = []
  const sockets = new Set<Socket>()
  let rule: (call: Call) => Trouble | null = () => null
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const comesLate = (call: Call): Way => ({ effectAfter: new Promise((resolve) => waiting.push(resolve)), landed: () => landed.push(call) })

  const server = createServer((asked, answer) => {
    const call = { method: asked.method ?? '', path: (asked.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '') }
    const trouble = rule(call)
    if (trouble !== null) troubled.push(call)
    if (trouble === 'swallow') asked.resume()
    else if (trouble === 'reset') breakAll()
    else if (typeof trouble === 'object' && trouble !== null && 'fails' in trouble) fail(asked, answer, trouble.fails)
    else pass(socketPath, asked, answer, trouble === 'late' ? comesLate(call) : wayOf(trouble)).catch(() => asked.socket.destroy()) // whoever asked has gone
  })
  // Nothing here attaches to containers or opens a session for a build.
  server.on('upgrade', (asked, socket) => {
    process.stderr.write(`the engine's proxy does not know how to upgrade ${asked.url ?? ''}\n`)
    socket.destroy()
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket)) // whoever called has gone
  })
  server.requestTimeout = 0
  const path = join(directory, 'docker.sock')
  server.listen(path)
  await once(server, 'listening')
  return {
    dockerHost: `unix://${path}`,
    troubled,
    landed,
    misbehave(trouble) {
      troubled.length = 0
      landed.length = 0
      rule = trouble
    },
    behave() {
      rule = () => null
    },
    land() {
      for (const go of waiting.splice(0)) go()
    },
    async close() {
      breakAll()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function fail(asked: IncomingMessage, answer: ServerResponse, message: string): void {
  asked.resume()
  answer.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
}

function wayOf(trouble: 'half' | { readonly answerAfter: number } | null): Way {
  if (trouble === null) return {}
  return trouble === 'half' ? { half: true } : trouble
}

/** How a call is passed on and its answer back. */
interface Way {
  /** Only a part of the answer comes. */
  readonly half?: boolean
  readonly answerAfter?: number
  readonly effectAfter?: Promise<void>
  readonly landed?: () => void
}

async function pass(socketPath: string, asked: IncomingMessage, answer: ServerResponse, way: Way): Promise<void> {
  const { method, url: path, headers } = asked
  // Whole before it is passed on, but for a build's context: the engine may close as soon as it has answered.
  const isBuild = path?.includes('/build?') === true
  const body = isBuild ? null : await bodyOf(asked)
  if (way.effectAfter !== undefined) await way.effectAfter
  else if (asked.socket.destroyed) return
  const onward = request({ socketPath, method, path, headers, agent: false })
  let told = false
  onward.on('response', (from) => {
    told = true
    way.landed?.()
    void sleep(way.answerAfter ?? 0).then(() => answerWith(answer, from, way.half === true))
  })
  // As the engine's own socket would: who asks sees a broken connection.
  onward.on('error', () => {
    if (!told) asked.socket.destroy()
  })
  if (way.effectAfter === undefined) answer.on('close', () => onward.destroy())
  if (body === null) asked.pipe(onward)
  else onward.end(body)
}

function answerWith(answer: ServerResponse, from: IncomingMessage, half: boolean): void {
  if (answer.destroyed) {
    from.resume()
    return
  }
  if (half) {
    answer.writeHead(from.statusCode ?? 500, { 'content-type': 'application/json', 'content-length': '100000' })
    answer.write('[')
    from.resume()
    return
  }
  answer.writeHead(from.statusCode ?? 500, from.headers)
  answer.flushHeaders()
  from.pipe(answer)
  from.on('error', () => answer.destroy())
}

async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of asked) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
