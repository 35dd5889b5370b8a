import { pino, type Logger } from 'pino'
import type { Log } from './rollout/ports.ts'

/** JSON lines on stdout; a log that cannot be written never harms a rollout (fault 44). */
export function createLogger(level: string): Logger {
  return pino({ level, base: { name: 'zetherion-updater' }, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: ['req.headers', 'secret', 'token'], censor: '[hidden]' } })
}

/** The Log port over pino. */
export function logOf(logger: Logger): Log {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
