/*
 * BuildKit reports progress as protobuf (moby.buildkit.v1.StatusResponse). Read here by hand: dockerode's own reader loads
 * a .proto file beside its source and a protobuf library, which breaks inside a bundle and costs memory.
 */

/** Lines for people out of one message, in the order of the build: steps as they begin, fail or are cached, and their output. */
export function linesOfStatus(base64: string): string[] {
  const lines: string[] = []
  for (const field of fields(Buffer.from(base64, 'base64'))) {
    if (field.number === statusFields.vertex) lines.push(...linesOfVertex(field.bytes))
    if (field.number === statusFields.log) lines.push(...linesOfLog(field.bytes))
  }
  return lines
}

// https://github.com/moby/buildkit/blob/master/api/services/control/control.proto
const statusFields = { vertex: 1, log: 3 }
const vertexFields = { name: 3, cached: 4, completed: 6, error: 7 }
const logFields = { message: 4 }

function linesOfVertex(message: Buffer): string[] {
  let [name, error, cached, completed] = ['', '', false, false]
  for (const field of fields(message)) {
    if (field.number === vertexFields.name) name = field.bytes.toString('utf8')
    if (field.number === vertexFields.error) error = field.bytes.toString('utf8')
    if (field.number === vertexFields.cached) cached = field.varint !== 0
    if (field.number === vertexFields.completed) completed = true
  }
  if (error !== '') return [`${name}: ${error}`]
  if (cached) return [`${name} (cached)`]
  return name === '' || completed ? [] : [name]
}

function linesOfLog(message: Buffer): string[] {
  return [...fields(message)]
    .filter((field) => field.number === logFields.message)
    .flatMap((field) => field.bytes.toString('utf8').split('\n'))
    .filter((line) => line.trim() !== '')
}

interface Field {
  readonly number: number
  /** Content of a length-delimited field; empty for every other. */
  readonly bytes: Buffer
  readonly varint: number
}

/** Fields of one message; ends at the first thing that is no protobuf, since progress is for people only. */
function* fields(message: Buffer): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; at < message.length; shift *= 128) {
      const byte = message[at++] ?? 0
      value += (byte % 128) * shift
      if (byte < 128) break
    }
    return value
  }
  while (at < message.length) {
    const tag = varint()
    const [number, type] = [Math.floor(tag / 8), tag % 8]
    if (type === 0) yield { number, bytes: Buffer.alloc(0), varint: varint() }
    else if (type === 2) {
      const length = varint()
      yield { number, bytes: message.subarray(at, at + length), varint: 0 }
      at += length
    } else if (type === 1) at += 8
    else if (type === 5) at += 4
    else return
  }
}
