import { describe, expect, it } from 'vitest'
import { linesOfOutput } from '../../../src/docker/containers/logs.ts'

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

describe('the output of a container', () => {
  it('has both streams in order, and lines that were cut into frames whole', () => {
    const output = Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n'), frame(1, 'th'), frame(1, 'ree\nfour\n')])
    expect(linesOfOutput(output)).toEqual(['one', 'two', 'three', 'four'])
  })

  it('is taken as it is from a container with a terminal', () => {
    expect(linesOfOutput(Buffer.from('plain one\r\nplain two\r\n'))).toEqual(['plain one', 'plain two'])
  })

  it('is text even where it happens to be JSON, which dockerode parses', () => {
    expect(linesOfOutput({ level: 30 })).toEqual(['{"level":30}'])
  })

  it('may be empty', () => {
    expect(linesOfOutput(Buffer.alloc(0))).toEqual([])
  })
})
