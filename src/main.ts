import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createApi } from './api/create-api.ts'
import { readDiskUsage } from './api/disk-usage.ts'
import { createLogger, logOf } from './logging.ts'
import { sentenceOf } from './rollout/errors.ts'
import { defaultTagPattern } from './git/tag.ts'
import { loadSettings } from './settings/load-settings.ts'
import { createSecret, type Secret } from './settings/secret.ts'
import { exitCodeForSettings, type Problem, type Settings } from './settings/settings.ts'
import { createSystemClock } from './storage/system-clock.ts'
import { createObservingService } from './updater/observing.ts'
import type { UpdaterService } from './updater/service.ts'
import { createWorld } from './world.ts'

const usage = `zetherion-updater: keeps a Docker Compose stack behind Traefik on its newest good release.

Usage: zetherion-updater [--help]

It reads its settings from the environment and from config/updater.yml, serves its control API on :9090 and runs until
SIGTERM. README.md lists the settings and the API.
`

/** What was started and how it ends. */
interface Daemon {
  readonly app: FastifyInstance
  /** Ends what is under way, in order. */
  stop(): Promise<void>
}

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(usage)
    return
  }
  const reading = await loadSettings(process.env)
  if (reading.kind === 'refused' && reading.api === null) {
    refuseToStart(reading.problems)
    return
  }
  const api = reading.kind === 'settings' ? reading.settings.api : reading.api
  if (api === null) return
  const logger = createLogger(api.logLevel)
  const secret = createSecret(api.secret)
  const unusable = await secret.check()
  const daemon = reading.kind === 'settings'
    ? await startUpdater(reading.settings, secret, unusable, logger)
    : await startObserving(reading.problems, secret, logger)
  const address = await daemon.app.listen({ host: api.host, port: api.port })
  logger.info({ address }, 'The control API is up.')
  leaveWithGrace(daemon, logger)
}

async function startUpdater(settings: Settings, secret: Secret, unusable: string | null, logger: Logger): Promise<Daemon> {
  const log = logOf(logger)
  const clock = createSystemClock()
  for (const warning of settings.warnings) log.warn(warning)
  const world = await createWorld({ settings, clock, log, environment: process.env, observing: unusable })
  const { updater, polling } = world
  const app = createApi({
    updater, secret, log: logger, clock,
    tagPattern: settings.git.tagPattern,
    diskUsage: () => readDiskUsage([settings.paths.stateDirectory, settings.paths.projectDirectory]),
  })
  // The API answers while the stack is looked at: a look may take as long as an undo.
  app.addHook('onListen', async () => {
    void updater.start().then(() => polling.start(), (error: unknown) => log.error('The watch could not be started.', { error: sentenceOf(error) }))
  })
  return {
    app,
    async stop() {
      await polling.stop()
      await updater.stop()
      await app.close()
      await world.close()
    },
  }
}

async function startObserving(problems: readonly Problem[], secret: Secret, logger: Logger): Promise<Daemon> {
  const clock = createSystemClock()
  const begun = clock.monotonic()
  const reason = `the settings cannot be used: ${problems.map(({ sentence }) => sentence).join(' ')}`
  for (const { sentence } of problems) logger.error(sentence)
  const updater: UpdaterService = createObservingService(reason, () => (clock.monotonic() - begun) / 1000)
  const app = createApi({ updater, secret, log: logger, clock, tagPattern: defaultTagPattern, diskUsage: () => Promise.resolve([]) })
  return { app, stop: () => app.close() }
}

function leaveWithGrace(daemon: Daemon, logger: Logger): void {
  closeWithGrace({ delay: leavingLimit, logger: false }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'An error that nobody foresaw; the updater leaves and the next start recovers.')
    else logger.info({ signal }, 'Leaving.')
    await daemon.stop()
    logger.info('Left in order.')
  })
}

/** Above `limits.shutdown`, within the compose file's `stop_grace_period`, ms. */
const leavingLimit = 80_000

function refuseToStart(problems: readonly Problem[]): void {
  process.stderr.write(`zetherion-updater cannot start with these settings:\n${problems.map(({ sentence }) => `  ${sentence}\n`).join('')}`)
  process.exitCode = exitCodeForSettings
}

main().catch((error: unknown) => {
  process.stderr.write(`zetherion-updater cannot start: ${sentenceOf(error)}\n`)
  process.exit(1)
})
