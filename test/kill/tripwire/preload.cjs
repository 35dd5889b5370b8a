/*
 * Loaded into the real daemon before its first line (node --require). Where an armed wire leads over a rename, the making of a directory or
 * a call to the engine, the whole process is killed or stopped by the signal itself, right before or right after it: nothing of the daemon
 * runs in between.
 */
const fs = require('node:fs')
const files = require('node:fs/promises')
const http = require('node:http')

const { copyFileSync, mkdir, mkdirSync, readFileSync, renameSync } = fs
const { rename } = files
const { request } = http
const wirePath = process.env['ZETHERION_TEST_TRIPWIRE'] ?? ''
let passed = { id: '', count: 0 }

files.rename = async (from, to) => {
  const wire = trippedWire(to, from)
  if (wire === null) return rename(from, to)
  if (wire.side === 'after') renameSync(from, to)
  process.kill(process.pid, wire.signal)
  // Goes on here only after a SIGSTOP and a SIGCONT.
  if (wire.side === 'before') return rename(from, to)
}

Object.assign(fs, {
  /** @param {Parameters<typeof mkdir>} args the way of proper-lockfile: a path and a callback */
  mkdir(...args) {
    const wire = trippedWire(args[0], null)
    if (wire?.side === 'after') mkdirSync(args[0])
    if (wire !== null) process.kill(process.pid, wire.signal)
    mkdir(...args)
  },
})

Object.assign(http, {
  /** @param {Parameters<typeof request>} args the way of dockerode: options with a socket, and a callback */
  request(...args) {
    const { socketPath, method, path } = Object(args[0])
    const wire = socketPath === undefined ? null : trippedWire(`${method} ${path}`, null)
    if (wire?.side === 'before') process.kill(process.pid, wire.signal)
    const call = request(...args)
    if (wire?.side === 'after') call.prependOnceListener('response', () => process.kill(process.pid, wire.signal))
    return call
  },
})

/**
 * The armed wire, if this call is the one that it waits for.
 * @param {import('node:fs').PathLike} to the name that comes to be, or the call
 * @param {import('node:fs').PathLike | null} from the file that is renamed
 */
function trippedWire(to, from) {
  const wire = armedWire()
  if (wire === null || !new RegExp(wire.to).test(String(to)) || (from !== null && !holds(from, wire.holding))) return null
  passed = wire.id === passed.id ? { id: wire.id, count: passed.count + 1 } : { id: wire.id, count: 1 }
  if (wire.copies !== undefined && from !== null) copyFileSync(from, `${wire.copies}/${passed.count}`)
  return passed.count === wire.number ? wire : null
}

/**
 * @param {import('node:fs').PathLike} file
 * @param {string | undefined} what
 */
function holds(file, what) {
  return what === undefined || new RegExp(what).test(readFileSync(file, 'utf8'))
}

/** @returns {{ id: string, to: string, holding?: string, copies?: string, number: number, side: 'before' | 'after', signal: NodeJS.Signals } | null} */
function armedWire() {
  try {
    return JSON.parse(readFileSync(wirePath, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
