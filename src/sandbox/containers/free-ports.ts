import { type Server, createServer } from 'node:net'

const address = '127.0.0.1'

/** That many loopback ports which nobody listens on and which are not taken by `avoid`. All are held until all are found. */
export async function findFreePorts(count: number, avoid: ReadonlySet<number>): Promise<number[]> {
  const held: Server[] = []
  const ports: number[] = []
  try {
    while (ports.length < count) {
      const server = await listen(0)
      held.push(server)
      const bound = server.address()
      if (typeof bound === 'object' && bound !== null && !avoid.has(bound.port)) ports.push(bound.port)
    }
    return ports
  } finally {
    await Promise.all(held.map(close))
  }
}

/** Whether nobody listens there. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await close(await listen(port))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, address, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
