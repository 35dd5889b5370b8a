import { open } from 'node:fs/promises'
import { isMissing } from '../whole-file.ts'

const tail = 256 * 1024

/** Last lines of a file, oldest first; empty when it is not there. Looks no further back than 256 KB. */
export async function readLastLines(path: string, lines: number): Promise<string[]> {
  const text = await readTail(path)
  if (text === null || lines <= 0) return []
  return text.replace(/\n$/, '').split('\n').slice(-lines)
}

async function readTail(path: string): Promise<string | null> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(size, tail)), 0, Math.min(size, tail), Math.max(0, size - tail))
      return bytesRead === 0 ? null : buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
