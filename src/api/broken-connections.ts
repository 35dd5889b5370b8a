import type { Socket } from 'node:net'
import { httpStatuses, problemOf, problemType } from './problems.ts'
import type { ProblemCode } from './problems.ts'

/** Answers what never became a request: too slow, too large, or no HTTP at all (fault 42). Then the connection ends. */
export function answerBrokenConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  // The client is gone already, or an answer is under way that this text would be mixed into.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [code, sentence] = problemIn(error.code)
  const problem = problemOf(code, sentence)
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${httpStatuses[code]} ${problem.title}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function problemIn(code: string | undefined): readonly [ProblemCode, string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['request_timeout', 'The request did not arrive in time.']
    case 'HPE_HEADER_OVERFLOW':
      return ['headers_too_large', 'The headers are too large.']
    default:
      return ['invalid_request', 'This is not an HTTP request.']
  }
}
