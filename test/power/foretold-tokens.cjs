/*
 * Loaded into the real daemon before its first line (node --require): its tokens, and with them the names of its temporary
 * files, can be foretold, so that strace can be told to look at these files only. They begin with what a file says now, and
 * are counted from 1 on whenever that has changed.
 */
const crypto = require('node:crypto')
const { readFileSync } = require('node:fs')

const { randomBytes } = crypto
const tokenSize = 16
let prefix = ''
let count = 0

Object.assign(crypto, {
  /**
   * @param {number} size
   * @param {(error: Error | null, bytes: Buffer) => void} [callback]
   */
  randomBytes(size, callback) {
    if (callback !== undefined) return randomBytes(size, callback)
    return size === tokenSize ? Buffer.from(next().padEnd(tokenSize * 2, '0'), 'hex') : randomBytes(size)
  },
  randomUUID() {
    return `00000000-0000-4000-8000-${next()}`
  },
})

/** Twelve digits, half of them of the file. */
function next() {
  const now = readFileSync(process.env['ZETHERION_TEST_TOKENS'] ?? '', 'utf8')
  count = now === prefix ? count + 1 : 1
  prefix = now
  return prefix.padStart(6, '0') + String(count).padStart(6, '0')
}
