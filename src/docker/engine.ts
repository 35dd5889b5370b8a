import { Agent } from 'node:http'
import type Docker from 'dockerode'
import { UpdaterError } from '../rollout/errors.ts'
import { engineError } from './engine-errors.ts'
import { within } from './waiting.ts'
import type { Limit } from './waiting.ts'

/** The way to the engine: every call has a limit, a signal, and errors that an operator understands. */
export interface Engine {
  /**
   * @param what the call in words, after "could not": `list the containers`
   * @throws engine_unreachable, engine_failed (`statusOf` tells the engine's answer), limit_exceeded, the signal's reason
   */
  call<T>(what: string, signal: AbortSignal, body: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T>
  /** The same under a limit of its own, for calls that take long by nature. */
  callWithin<T>(limit: Limit, what: string, signal: AbortSignal, body: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T>
}

/** @throws invalid_settings for an address that is neither `unix://` nor `tcp://` */
export function connectEngine(dockerHost: string, engineCall: number): Engine {
  const address = addressOf(dockerHost)
  const callWithin: Engine['callWithin'] = (limit, what, signal, body) =>
    within(limit, `The call to Docker at ${dockerHost} to ${what}`, signal, async (abortSignal) => {
      // Connections of its own: kept-alive ones of an engine that restarted would fail the next call, and not every method of
      // dockerode takes a signal, so that those of an engine that hangs would stay open for as long as it does.
      const agent = new Agent({ keepAlive: false })
      const options = { ...address, agent }
      const hangUp = (): void => agent.destroy()
      abortSignal.addEventListener('abort', hangUp, { once: true })
      try {
        // Loaded at the first call: dockerode takes longer to load than all the rest of the daemon.
        const { default: Client } = await import('dockerode')
        return await body(new Client(options), abortSignal)
      } catch (error) {
        throw engineError(dockerHost, what, error)
      } finally {
        abortSignal.removeEventListener('abort', hangUp)
      }
    })
  const limit = { name: 'limits.engineCall', milliseconds: engineCall }
  return { callWithin, call: (what, signal, body) => callWithin(limit, what, signal, body) }
}

interface Address {
  readonly socketPath?: string
  // Named even where there is none: dockerode would take it from the environment.
  readonly host: string | undefined
  readonly port?: string
  readonly protocol: 'http'
}

function addressOf(dockerHost: string): Address {
  const socket = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1]
  if (socket !== undefined) return { socketPath: socket, host: undefined, protocol: 'http' }
  const [, host, port] = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^/:]+):(\d+)\/?$/.exec(dockerHost) ?? []
  if (host !== undefined && port !== undefined) return { host, port, protocol: 'http' }
  throw new UpdaterError('invalid_settings', `DOCKER_HOST is ${JSON.stringify(dockerHost)}; give unix:///path/to/docker.sock or tcp://host:port.`)
}
