import { Agent } from 'undici'

/** What a load saw until now. */
export interface LoadReport {
  readonly sent: number
  /** Every answer but a 200, and every request without one. */
  readonly failures: readonly string[]
  /** First words of the answers' bodies. */
  readonly answeredBy: ReadonlySet<string>
}

/** Users with kept-alive connections, who send GET and POST by turns, each the next one as soon as the last was answered. */
export function startLoad(urls: readonly string[], users: number): { stop(): Promise<LoadReport> } {
  const agent = new Agent({ connections: users })
  const failures: string[] = []
  const answeredBy = new Set<string>()
  let sent = 0
  const stopping = new AbortController()

  const ask = async (url: string) => {
    sent += 1
    const method = sent % 2 === 0 ? 'POST' : 'GET'
    try {
      const { origin, pathname } = new URL(url)
      const { statusCode, body } = await agent.request({ origin, path: pathname, method, body: method === 'POST' ? 'x' : null })
      const text = await body.text()
      if (statusCode !== 200) failures.push(`${method} ${url}: ${statusCode} ${text}`)
      answeredBy.add(text.split(' ')[0] ?? '')
    } catch (error) {
      failures.push(`${method} ${url}: ${String(error)}`)
    }
  }
  const user = async (url: string) => {
    while (!stopping.signal.aborted) await ask(url)
  }
  const ended = Promise.all(urls.flatMap((url) => Array.from({ length: users }, () => user(url))))
  return {
    stop: async () => {
      stopping.abort()
      await ended
      await agent.close()
      return { sent, failures, answeredBy }
    },
  }
}
