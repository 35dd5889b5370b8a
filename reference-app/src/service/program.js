import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLog, describeError } from './log.js'

/**
 * @typedef {import('./log.js').Log} Log
 * @typedef {{ close(): Promise<void>, [detail: string]: unknown }} Running what `start` gives back; its numbers are logged
 */

/**
 * Is this module the program that node was started with? Modules do no work when they are merely imported.
 * @param {string} moduleUrl `import.meta.url`
 */
export function isProgram(moduleUrl) {
  const script = process.argv[1]
  return script !== undefined && realpathSync(script) === fileURLToPath(moduleUrl)
}

/**
 * Starts a program and keeps it until SIGTERM or SIGINT; then closes it and exits with 0. A start that fails exits with 1.
 * @param {string} name
 * @param {(env: NodeJS.ProcessEnv, log: Log) => Promise<Running>} start
 */
export async function runProgram(name, start) {
  const log = createLog(name)
  /** @type {Promise<string>} */
  const told = new Promise((resolve) => {
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
  })
  try {
    const running = await start(process.env, log)
    log.info('started', ports(running))
    log.info('stopping', { signal: await told })
    await running.close()
    log.info('stopped')
    process.exit(0)
  } catch (error) {
    log.error('ended', { error: describeError(error) })
    process.exit(1)
  }
}

/** @param {Running} running */
function ports(running) {
  return Object.fromEntries(Object.entries(running).filter(([, value]) => typeof value === 'number'))
}
