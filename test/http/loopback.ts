import { createServer, type RequestListener } from 'node:http'
import { onTestFinished } from 'vitest'

/** Port of an HTTP server on the loopback address that ends with the test. */
export async function onLoopback(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
