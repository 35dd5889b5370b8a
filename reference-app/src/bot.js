import { holdGatewaySession } from './bot/gateway-session.js'
import { openLogFile } from './bot/log-file.js'
import { callSkills } from './bot/skills-caller.js'
import { startHttpService } from './service/http-service.js'
import { createLog } from './service/log.js'
import { isProgram, runProgram } from './service/program.js'
import { readRelease } from './service/release.js'
import { readInteger, readPort, readSkillsSecret, readText } from './service/settings.js'

/** @typedef {import('./service/log.js').Log} Log */

const TEN_MEGABYTES = 10 * 1024 * 1024
const DAY_MS = 86_400_000

/**
 * The bot: one gateway session, signed calls to skills through Traefik, rotating logs.
 * Healthy once its session is open and skills has answered at least once.
 * @param {NodeJS.ProcessEnv} env
 * @param {Log} console the log on standard output; what is logged goes to the files too
 */
export async function startBot(env, console) {
  const release = readRelease(env)
  const gatewayUrl = readUrl(env, 'GATEWAY_URL')
  const skills = {
    url: readUrl(env, 'SKILLS_SERVICE_URL', 'http://zetherion-ai-traefik:8080'),
    secret: readSkillsSecret(env),
    intervalMs: readInteger(env, 'BOT_CALL_INTERVAL_MS', 5_000, { min: 10, max: DAY_MS }),
  }
  const logFile = openLogFile({
    directory: readText(env, 'LOG_DIR', '/app/logs'),
    maxBytes: readInteger(env, 'LOG_MAX_BYTES', TEN_MEGABYTES, { min: 1_024, max: Number.MAX_SAFE_INTEGER }),
    files: readInteger(env, 'LOG_FILES', 6, { min: 1, max: 100 }),
    report: (error) => console.error('the log file cannot be written', { error }),
  })
  const log = both(console, createLog('bot', logFile.write))

  const session = holdGatewaySession({ url: gatewayUrl, release, log })
  const caller = callSkills({ ...skills, log })
  const health = await startHttpService({
    service: 'bot',
    host: readText(env, 'BOT_HEALTH_HOST', '0.0.0.0'),
    port: readPort(env, 'BOT_HEALTH_PORT', 8081),
    release,
    log,
    healthy: () => session.isOpen() && caller.hasReached(),
    routes: {},
  })
  const close = async () => {
    await Promise.all([session.close(), caller.close(), health.close()])
    log.info('the gateway session is closed')
    logFile.close()
  }
  return { port: health.port, close }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {string} [fallback]
 */
function readUrl(env, name, fallback) {
  const text = readText(env, name, fallback)
  if (!URL.canParse(text)) throw new Error(`${name} must be a URL, but is "${text}"`)
  return new URL(text)
}

/**
 * @param {Log} first
 * @param {Log} second
 * @returns {Log}
 */
function both(first, second) {
  return {
    info(message, details) {
      first.info(message, details)
      second.info(message, details)
    },
    error(message, details) {
      first.error(message, details)
      second.error(message, details)
    },
  }
}

if (isProgram(import.meta.url)) await runProgram('bot', startBot)
