import { createLogger, logOf } from '../../../src/logging.ts'

/* Logs more than a pipe holds and less than may wait, says so on stderr, and then has nothing more to say until it is ended. */

const log = logOf(createLogger('info'))
for (let line = 1; line <= 200; line += 1) log.info(`line ${line}`, { filler: 'x'.repeat(1_000) })
process.stderr.write('logged')
process.stdin.resume()
