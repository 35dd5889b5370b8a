import { startHttpService } from './service/http-service.js'
import { isProgram, runProgram } from './service/program.js'
import { readRelease } from './service/release.js'
import { readPort, readText } from './service/settings.js'

/**
 * The public API: `GET /health` and `GET /v1/ping`.
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./service/log.js').Log} log
 */
export async function startApi(env, log) {
  const release = readRelease(env)
  return startHttpService({
    service: 'api',
    host: readText(env, 'API_HOST', '0.0.0.0'),
    port: readPort(env, 'API_PORT', 8443),
    release,
    log,
    healthy: () => true,
    routes: { 'GET /v1/ping': () => ({ status: 200, body: { pong: true, release } }) },
  })
}

if (isProgram(import.meta.url)) await runProgram('api', startApi)
