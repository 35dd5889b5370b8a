/**
 * The image's health check, since it has no curl: exits with 0 if the control API answers `GET /health` with 200. Its port is
 * that of the environment; whoever sets `api.port` in config/updater.yml instead sets UPDATER_PORT as well.
 */
import { get } from 'node:http'

const port = process.env.UPDATER_PORT || '9090'
const asked = get({ host: '127.0.0.1', port, path: '/health', timeout: 3_000 }, (answer) => {
  process.exit(answer.statusCode === 200 ? 0 : 1)
})
asked.on('timeout', () => asked.destroy(new Error('no answer within 3 s')))
asked.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
