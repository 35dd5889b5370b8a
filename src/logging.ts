import { constants, fstatSync, openSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import type { Log } from './rollout/ports.ts'

/**
 * JSON lines on stdout; a log that cannot be written never harms a rollout (fault 44). On a full disk, or while nobody reads
 * them, since the engine that would hangs, lines wait for room, as many as are bounded; further ones are dropped.
 */
export function createLogger(level: string): Logger {
  const stdout = pino.destination({ dest: openStdout(), sync: true, maxLength: waitingLimit, retryEAGAIN: () => false })
  let next: NodeJS.Timeout | null = null
  // Nobody could be told: an error that nobody listens to would end the daemon. What waits is tried again though nothing more is told.
  stdout.on('error', () => {
    next ??= setTimeout(() => {
      next = null
      stdout.write('')
    }, betweenTries).unref()
  })
  // What can be written was. pino asks for this after a fatal line, and it would wait for room for good.
  stdout.flushSync = () => undefined
  return pino({ level, base: { name: 'zetherion-updater' }, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: ['req.headers', 'secret', 'token'], censor: '[hidden]' } }, stdout)
}

/**
 * A pipe once more, in a way that never waits for its reader: the whole daemon would wait along. What is no pipe, or may not be
 * opened again, stays as it is.
 */
function openStdout(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // Not Linux, or another user's pipe: at worst a line waits until it is read.
  }
  return 1
}

/** Bytes of lines that could not be written yet. */
const waitingLimit = 1 << 20

/** Until lines that wait are tried again, ms. */
const betweenTries = 1_000

/** The Log port over pino. */
export function logOf(logger: Logger): Log {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
