import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

/** Between two looks at a file that did not grow, ms. */
const lookAgain = 25

/**
 * What is appended to a file from a position on, as a stream: the output of a process that must be able to outlive us, and
 * so cannot write into a pipe of ours. Ends when `over` says so and all was read. Keeps no process alive.
 */
export function followFile(path: string, from: number, over: () => boolean): Readable {
  return Readable.from(appended(path, from, over), { objectMode: false })
}

async function* appended(path: string, from: number, over: () => boolean): AsyncGenerator<Buffer> {
  const file = await open(path, 'r')
  try {
    for (let position = from; ;) {
      const last = over()
      const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, position)
      if (bytesRead > 0) {
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
      } else if (last) return
      else await wait(lookAgain, undefined, { ref: false })
    }
  } finally {
    await file.close()
  }
}
