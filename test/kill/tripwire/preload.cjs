/*
 * Loaded into the real daemon before its first line (node --require). Where an armed wire leads over a rename, the whole process
 * is killed or stopped by the signal itself, right before or right after the system call: nothing of the daemon runs in between.
 */
const { readFileSync, renameSync } = require('node:fs')
const files = require('node:fs/promises')

const rename = files.rename
const wirePath = process.env['ZETHERION_TEST_TRIPWIRE'] ?? ''
let passed = { id: '', count: 0 }

files.rename = async (from, to) => {
  const wire = armedWire()
  if (wire === null || !new RegExp(wire.to).test(String(to)) || !holds(from, wire.holding)) return rename(from, to)
  passed = wire.id === passed.id ? { id: wire.id, count: passed.count + 1 } : { id: wire.id, count: 1 }
  if (passed.count !== wire.number) return rename(from, to)
  if (wire.side === 'after') renameSync(from, to)
  process.kill(process.pid, wire.signal)
  // Goes on here only after a SIGSTOP and a SIGCONT.
  if (wire.side === 'before') return rename(from, to)
}

/**
 * @param {import('node:fs').PathLike} file
 * @param {string | undefined} what
 */
function holds(file, what) {
  return what === undefined || new RegExp(what).test(readFileSync(file, 'utf8'))
}

/** @returns {{ id: string, to: string, holding?: string, number: number, side: 'before' | 'after', signal: NodeJS.Signals } | null} */
function armedWire() {
  try {
    return JSON.parse(readFileSync(wirePath, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
