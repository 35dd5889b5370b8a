import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ports that kernels give to whoever connects (32,768 and up on Linux): until the port is listened on, nobody's connection takes it. Above 10,080, which fetch refuses ("bad port"). */
const [first, end] = [10_100, 32_000]
const tries = 100

/**
 * A port that nobody listens on just now.
 * @param {string} [host]
 * @returns {Promise<number>}
 */
export async function freePort(host = '127.0.0.1') {
  for (let left = tries; left > 0; left -= 1) {
    const port = randomInt(first, end)
    if (await isFree(port, host)) return port
  }
  throw new Error(`no port could be had on ${host}: ${tries} between ${first} and ${end} are taken`)
}

/**
 * @param {number} port
 * @param {string} host
 */
async function isFree(port, host) {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}
