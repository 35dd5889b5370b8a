const MAX_LINE_BYTES = 64 * 1024

/**
 * Reads newline-delimited JSON objects from a socket; a line that is none, or too long, ends the connection.
 * @param {import('node:net').Socket} socket
 * @param {(message: Record<string, unknown>) => void} receive
 */
export function onMessages(socket, receive) {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = parseObject(line)
      if (message === null) {
        socket.destroy()
        return
      }
      receive(message)
    }
    if (rest.length > MAX_LINE_BYTES) socket.destroy()
  })
}

/**
 * @param {import('node:net').Socket} socket
 * @param {Record<string, unknown>} message
 */
export function sendMessage(socket, message) {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
}

/**
 * @param {string} line
 * @returns {Record<string, unknown> | null}
 */
function parseObject(line) {
  try {
    /** @type {unknown} */
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
