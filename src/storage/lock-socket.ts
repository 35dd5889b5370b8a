import { statSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { sentenceOf, UpdaterError } from '../rollout/errors.ts'

/** A listening socket whose name in its directory is ours. */
export interface HeldSocket {
  /** @throws authority_lost */
  check(): void
  release(): Promise<void>
}

/** Longest path of a socket, the final zero included; Linux has 108. */
const longestSocketPath = 104

/** How long a connect may take; on one machine it is instant or refused. */
const connectLimit = 2_000

/**
 * Listens on `<directory>/<name>`, in place of a holder whose process is gone. The caller keeps others out meanwhile.
 * @throws authority_lost when somebody listens there; storage_failed when no socket can be made
 */
export async function holdSocket(directory: string, name: string, of: string): Promise<HeldSocket> {
  const path = join(directory, name)
  const handle = await open(directory, 'r')
  try {
    const address = addressOf(handle, path, name)
    if (await answers(address)) {
      throw new UpdaterError('authority_lost', `Another updater holds the ${of} in ${directory} (something listens on ${path}); this one changes nothing. Stop the other one first.`)
    }
    await removeSocket(path)
    const server = await listen(address, path)
    return heldBy(server, handle, path, of)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function heldBy(server: Server, handle: FileHandle, path: string, of: string): HeldSocket {
  const mine = identityOf(path)
  let lost = mine === null
  const isMine = () => {
    lost ||= identityOf(path) !== mine
    return !lost
  }
  return {
    check: () => {
      if (!isMine()) throw new UpdaterError('authority_lost', `This updater no longer holds the ${of}: ${path} was removed or taken by another one. It changes nothing any more.`)
    },
    release: async () => {
      // Closing removes the name, whoever it belongs to by now; a lost socket therefore stays open until the process ends.
      if (!isMine()) return
      lost = true
      await new Promise((resolve) => server.close(resolve))
      await handle.close()
    },
  }
}

/** Device and inode: a socket that another process made under the same name has others as long as ours is open. */
function identityOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`
}

/** Through the directory's own descriptor on Linux, so that a deep state directory does not hit the limit of 107 bytes. */
function addressOf(handle: FileHandle, path: string, name: string): string {
  if (process.platform === 'linux') return `/proc/self/fd/${handle.fd}/${name}`
  if (Buffer.byteLength(path) < longestSocketPath) return path
  throw new UpdaterError('storage_failed', `The path ${path} is too long for a unix socket (at most ${longestSocketPath - 1} bytes); choose a shorter directory.`)
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    const settle = (decide: () => void) => {
      socket.destroy()
      decide()
    }
    socket.setTimeout(connectLimit, () => settle(() => resolve(true)))
    socket.once('connect', () => settle(() => resolve(true)))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') settle(() => resolve(false))
      // A full queue of a holder that does not accept: it lives.
      else if (error.code === 'EAGAIN') settle(() => resolve(true))
      else settle(() => reject(new UpdaterError('storage_failed', `Nobody could be asked who holds ${address}: ${sentenceOf(error)}`, { cause: error })))
    })
  })
}

async function removeSocket(path: string): Promise<void> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSocket()) throw new UpdaterError('storage_failed', `${path} is no socket; remove it, the updater needs this name.`)
  await unlink(path)
}

function listen(address: string, path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Whoever asks only wants to know that somebody listens. It keeps no process alive that wants to end.
    const server = createServer((socket) => socket.destroy())
    server.on('error', (error) => {
      reject(new UpdaterError('storage_failed', `No socket can be made at ${path} (${sentenceOf(error)}); the directory must be on a local disk and writable.`, { cause: error }))
    })
    server.listen(address, () => resolve(server.unref()))
  })
}
