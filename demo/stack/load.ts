import { Agent, request } from 'undici'

/** What load is put on. */
export interface LoadTarget {
  readonly name: string
  readonly url: string
  /** Made anew for each request, since a signature carries its time. */
  headers(): Record<string, string>
}

/** What a request that failed looked like. */
export interface Failed {
  readonly at: string
  readonly target: string
  readonly reason: string
}

/** Which release answered, from when to when. */
export interface Served {
  readonly target: string
  readonly release: string
  readonly from: number
  to: number
  requests: number
}

/** Requests against the routed entry points, without pause, until stopped. */
export interface Load {
  readonly sent: number
  readonly failed: readonly Failed[]
  readonly served: readonly Served[]
  stop(): Promise<void>
}

/** Parallel requests per target; more would starve two cores. */
const workers = 2
/** Pause of a worker between two requests, ms, unless told otherwise. */
const shortPause = 5
const requestLimit = 10_000

/**
 * Starts the load. Any answer but 200 and any broken connection counts as failed; nothing is tried again.
 * @param releaseOf reads from an answer's body which release gave it
 * @param pause of each worker between two requests, ms
 */
export function startLoad(targets: readonly LoadTarget[], releaseOf: (body: unknown) => string, pause = shortPause): Load {
  const agent = new Agent({ keepAliveTimeout: 4_000 })
  const stopping = new AbortController()
  const failed: Failed[] = []
  const served: Served[] = []
  let sent = 0

  const once = async (target: LoadTarget): Promise<void> => {
    sent += 1
    try {
      const answer = await request(target.url, { dispatcher: agent, headers: target.headers(), headersTimeout: requestLimit, bodyTimeout: requestLimit })
      const body = await answer.body.json()
      if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
      note(served, target.name, releaseOf(body))
    } catch (error) {
      failed.push({ at: new Date().toISOString(), target: target.name, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  const work = async (target: LoadTarget): Promise<void> => {
    while (!stopping.signal.aborted) {
      await once(target)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  const running = Promise.all(targets.flatMap((target) => Array.from({ length: workers }, () => work(target))))
  return {
    get sent() {
      return sent
    },
    failed,
    served,
    async stop() {
      stopping.abort()
      await running
      if (!agent.closed) await agent.close()
    },
  }
}

function note(served: Served[], target: string, release: string): void {
  const now = Date.now()
  const last = served.findLast((span) => span.target === target)
  if (last?.release === release) {
    last.to = now
    last.requests += 1
  } else served.push({ target, release, from: now, to: now, requests: 1 })
}
