import type { Engine } from '../engine.ts'
import { unless } from '../engine-errors.ts'

const longestLine = 2_000

/** The last lines of both streams in the order in which the engine got them; empty for a container that is gone. */
export async function containerLogs(engine: Engine, id: string, lines: number, signal: AbortSignal): Promise<string[]> {
  const output = await unless([404], engine.call(`read the output of the container ${id.slice(0, 12)}`, signal, (docker, abortSignal) =>
    docker.getContainer(id).logs({ follow: false, stdout: true, stderr: true, tail: lines, abortSignal }),
  ))
  return output === undefined ? [] : linesOfOutput(output).slice(-lines)
}

/** Output with or without the engine's frames: a container with a terminal has none. */
export function linesOfOutput(output: unknown): string[] {
  // dockerode hands out parsed JSON when the whole output happens to be some.
  const bytes = Buffer.isBuffer(output) ? output : Buffer.from(typeof output === 'string' ? output : JSON.stringify(output))
  return withoutFrames(bytes).toString('utf8').split(/\r?\n/).filter((line) => line !== '').map((line) => line.slice(0, longestLine))
}

/** https://docs.docker.com/reference/api/engine/ "Stream format": one byte stream, three zero bytes, four bytes length. */
function withoutFrames(bytes: Buffer): Buffer {
  const contents: Buffer[] = []
  let at = 0
  while (at + 8 <= bytes.length) {
    if ((bytes[at] ?? 3) > 2 || bytes.readUIntBE(at + 1, 3) !== 0) return bytes
    const end = at + 8 + bytes.readUInt32BE(at + 4)
    contents.push(bytes.subarray(at + 8, end))
    at = end
  }
  return contents.length === 0 ? bytes : Buffer.concat(contents)
}
