import { setTimeout as delay } from 'node:timers/promises'
import { startHttpService } from './service/http-service.js'
import { isProgram, runProgram } from './service/program.js'
import { readRelease } from './service/release.js'
import { parseJson, RequestError } from './service/request-body.js'
import { readInteger, readPort, readSkillsSecret, readText } from './service/settings.js'
import { refuseSignature } from './service/signature.js'
import { loadCatalogue } from './skills/catalogue.js'
import { createUpdaterClient } from './skills/updater-client.js'

/** @typedef {import('./service/http-service.js').Handler} Handler */

const MAX_SLOW_MS = 30_000

/**
 * The skills API. Every call but `GET /health` is signed with `X-API-Secret`.
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./service/log.js').Log} log
 */
export async function startSkills(env, log) {
  const secret = readSkillsSecret(env)
  const release = readRelease(env)
  const catalogue = loadCatalogue()
  const echoBytes = readInteger(env, 'SKILLS_ECHO_BYTES', 4096, { min: 1, max: 65_536 })
  return startHttpService({
    service: 'skills',
    host: readText(env, 'SKILLS_HOST', '0.0.0.0'),
    port: readPort(env, 'SKILLS_PORT', 8080),
    release,
    log,
    healthy: () => catalogue.size > 0,
    refuse: ({ method, target, headers, body }) =>
      refuseSignature({ header: single(headers['x-api-secret']), secret, method, path: target, body }),
    routes: {
      'GET /skills': () => ({
        status: 200,
        body: { skills: [...catalogue.values()], limits: { echo_bytes: echoBytes }, release },
      }),
      'POST /skills/echo': echo(echoBytes),
      'GET /slow': slow(log),
      ...updaterRoutes(env),
    },
  })
}

/**
 * @param {number} limit bytes
 * @returns {Handler}
 */
function echo(limit) {
  return ({ body }) => {
    if (body.length > limit) throw new RequestError(413, `an echo is at most ${limit} bytes`)
    return { status: 200, body: { echo: parseJson(body) } }
  }
}

/**
 * @param {import('./service/log.js').Log} log
 * @returns {Handler}
 */
function slow(log) {
  return async ({ query, signal }) => {
    const text = query.get('ms') ?? ''
    const ms = Number(text)
    if (!/^\d{1,5}$/.test(text) || ms > MAX_SLOW_MS) {
      throw new RequestError(400, `ms must be a whole number from 0 to ${MAX_SLOW_MS}`)
    }
    log.info('a slow call waits', { ms })
    await delay(ms, undefined, { signal })
    return { status: 200, body: { waited_ms: ms } }
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, Handler>}
 */
function updaterRoutes(env) {
  const { forward } = createUpdaterClient({
    url: readText(env, 'UPDATER_URL', 'http://zetherion-ai-updater:9090'),
    secretPath: readText(env, 'UPDATER_SECRET_PATH', '/app/data/.updater-secret'),
  })
  // No unpause: whoever signs calls, as the bot does, could clear a pause. That is the operator's, at the updater itself.
  return {
    'POST /update/apply': forward('POST', '/update/apply'),
    'POST /update/rollback': forward('POST', '/update/rollback'),
    'POST /update/pause': forward('POST', '/update/pause'),
    'POST /update/cancel': forward('POST', '/update/cancel'),
    'GET /update/status': forward('GET', '/status'),
    'GET /update/history': forward('GET', '/update/history'),
  }
}

/** @param {string | string[] | undefined} header */
function single(header) {
  return Array.isArray(header) ? undefined : header
}

if (isProgram(import.meta.url)) await runProgram('skills', startSkills)
