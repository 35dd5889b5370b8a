import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Router, startRouter } from '../../../src/sandbox/router/router.ts'

/** A router with real backends, its routes directory and its host table, all in a temporary place. */
export interface RouterWorld {
  readonly router: Router
  /** What the router has logged as an error. */
  readonly errors: string[]
  /** Replaces the live routes file by a rename from beside the watched directory, as the updater does. */
  write(text: string): Promise<void>
  /** Starts a backend that is known to the host table as `http://<name>:8080`. */
  addBackend(name: string, serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<void>
  /** Ends a backend: whoever dials it is refused. */
  endBackend(name: string): Promise<void>
  url(entryPoint: string, path: string): string
  close(): Promise<void>
}

export async function makeRouterWorld(first: string): Promise<RouterWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'router-'))
  const [dynamic, staging, hosts] = [join(directory, 'dynamic'), join(directory, '.staging'), join(directory, 'hosts.json')]
  await Promise.all([mkdir(dynamic), mkdir(staging)])
  const table: Record<string, Record<string, { host: string; port: number }>> = {}
  const closing = new Map<string, () => Promise<void>>()
  const errors: string[] = []

  const write = async (text: string): Promise<void> => {
    const staged = join(staging, `routes-${process.hrtime.bigint()}`)
    await writeFile(staged, text)
    await rename(staged, join(dynamic, 'updater-routes.yml'))
  }
  await write(first)
  const log = { info: () => undefined, warn: () => undefined, error: (message: string, fields: unknown) => errors.push(`${message} ${JSON.stringify(fields)}`) }
  const router = await startRouter({ routes: dynamic, hosts, entryPoints: { skills: 0, api: 0, internal: 0 }, log })
  const url = (entryPoint: string, path: string): string => `http://127.0.0.1:${router.ports[entryPoint]}${path}`

  return {
    router,
    errors,
    write,
    url,
    async addBackend(name, serve) {
      const server = createServer(serve)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('the backend listens on no port')
      const { port } = bound
      table[name] = { 8080: { host: '127.0.0.1', port } }
      const staged = join(staging, 'hosts')
      await writeFile(staged, JSON.stringify(table))
      await rename(staged, hosts)
      closing.set(name, () => new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }))
    },
    async endBackend(name) {
      await closing.get(name)?.()
      closing.delete(name)
    },
    async close() {
      for (const end of closing.values()) await end()
      await router.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Waits until the look gives something; the limit is there for a failure only. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = AbortSignal.timeout(5_000)
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (end.aborted) throw new Error(`waited 5 s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
