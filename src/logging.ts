import { pino, type Logger } from 'pino'
import type { Log } from './rollout/ports.ts'

/**
 * JSON lines on stdout; a log that cannot be written never harms a rollout (fault 44). On a full disk lines wait for
 * room, as many as are bounded; further ones are dropped.
 */
export function createLogger(level: string): Logger {
  const stdout = pino.destination({ dest: 1, sync: true, maxLength: waitingLimit })
  // Nobody could be told: an error that nobody listens to would end the daemon.
  stdout.on('error', () => undefined)
  return pino({ level, base: { name: 'zetherion-updater' }, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: ['req.headers', 'secret', 'token'], censor: '[hidden]' } }, stdout)
}

/** Bytes of lines that could not be written yet. */
const waitingLimit = 1 << 20

/** The Log port over pino. */
export function logOf(logger: Logger): Log {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
