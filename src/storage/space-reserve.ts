import { createCipheriv } from 'node:crypto'
import { sentenceOf } from '../rollout/errors.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import type { Files, Log } from '../rollout/ports.ts'
import { stageFile } from '../rollout/whole-file.ts'

/** Space that is kept for the day on which the disk is full. */
export interface SpaceReserve {
  /**
   * Does a write that must get through. While it meets a full disk the space is given up, piece by piece, and it is
   * done again; it must use new files then. @throws what the write throws
   */
  spend<T>(write: () => Promise<T>): Promise<T>
  /** Takes what is missing of the space, the first time or again, as far as there is room. Never rejects. */
  take(): Promise<void>
}

export interface SpaceReserveOptions {
  /** Of the files that take the space, on the disk of record and history; absolute. Its directory must exist. */
  readonly path: string
  readonly files: Files
  readonly log: Log
  /** Bytes of one piece; there are eight. Default: 128 KiB, which together is room for a history that is written anew. */
  readonly pieceSize?: number
}

const pieces = 8
const mode = 0o600

/**
 * Files of fixed size that are removed when the disk is full, so that a failed operation, its hold and its line in the
 * history can still be written (fault 11). Their bytes are really written: a hole would keep nothing, and neither would
 * zeros on a file system that compresses. Several, because what was written upon one may leave no room to take that one
 * again, and the others are still there for the next time.
 */
export function createSpaceReserve(options: SpaceReserveOptions): SpaceReserve {
  const { path, files, log, pieceSize = 1 << 17 } = options
  const inTurn = oneAtATime()
  /** Pieces that are known to be whole. An earlier process may have left others. */
  const held = new Set<string>()
  let usable = true

  return {
    async spend(write) {
      for (let left = pieces; ; left -= 1) {
        try {
          return await write()
        } catch (error) {
          if (!isFull(error) || left === 0 || !(await inTurn(giveUp))) throw error
        }
      }
    },
    take: () => inTurn(take),
  }

  /** @returns whether there was a piece to give up */
  async function giveUp(): Promise<boolean> {
    try {
      for (const piece of names().toReversed()) {
        if ((await files.read(piece)) === null) continue
        await files.remove(piece)
        held.delete(piece)
        log.warn(`The disk is full. Space that was kept in ${piece} was given up, so that what happened can be written down. Free some space there.`)
        return true
      }
    } catch (error) {
      log.warn(`The disk is full, and the space kept in ${path}-* could not be given up: ${sentenceOf(error)}`)
    }
    return false
  }

  async function take(): Promise<void> {
    if (!usable || held.size === pieces) return
    /** Of each piece that is missing; mostly none is. */
    let content: Uint8Array | undefined
    try {
      for (const piece of names().filter((name) => !held.has(name))) {
        if (!(await isWhole(piece))) {
          content ??= incompressible(pieceSize)
          await stageFile(files, piece, content, mode)
        }
        held.add(piece)
      }
    } catch (error) {
      if (isFull(error)) return
      usable = false
      log.warn(`No space can be kept in ${path}-* (${sentenceOf(error)}); on a full disk the outcome of an operation may not be written down.`)
    }
  }

  /** Of one that is not, nothing is left: a process that was killed while it took the piece left a part of it. */
  async function isWhole(piece: string): Promise<boolean> {
    const before = await files.read(piece)
    if (before?.length === pieceSize) return true
    if (before !== null) await files.remove(piece)
    return false
  }

  function names(): string[] {
    return Array.from({ length: pieces }, (_, index) => `${path}-${index}`)
  }
}

/** The same at each call, so that a simulated disk stays the same too. */
function incompressible(size: number): Uint8Array {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
