import { createLogger, logOf } from '../../../src/logging.ts'

/* Logs far more than may wait, on whatever its stdout is, and says on stderr that it is still there. */

const logger = createLogger('info')
const log = logOf(logger)
const before = process.memoryUsage.rss()
for (let line = 0; line < 5_000; line += 1) log.info('a line of a log', { filler: 'x'.repeat(1_000) })
// pino itself would wait here until all of it was written.
logger.fatal('the last line of a log')
const grown = process.memoryUsage.rss() - before
// The errors of the writes come to their listeners, or to nobody.
setTimeout(() => process.stderr.write(JSON.stringify({ alive: true, bounded: grown < 100 * 1024 * 1024 })), 50)
