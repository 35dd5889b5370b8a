/*
 * Loaded into the real daemon before its first line (node --require): its tokens, and with them the names of its temporary
 * files, can be foretold, so that strace can be told to look at these files only. They differ from start to start.
 */
const crypto = require('node:crypto')

const { randomBytes } = crypto
const start = process.env['ZETHERION_TEST_TOKENS'] ?? '0'
const tokenSize = 16
let count = 0

Object.assign(crypto, { randomBytes: foretold })

/**
 * @param {number} size
 * @param {(error: Error | null, bytes: Buffer) => void} [callback]
 */
function foretold(size, callback) {
  if (callback !== undefined) return randomBytes(size, callback)
  if (size !== tokenSize) return randomBytes(size)
  count += 1
  return Buffer.from(`${start.padStart(tokenSize, '0')}${String(count).padStart(tokenSize, '0')}`, 'hex')
}
