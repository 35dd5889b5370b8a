import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createApi } from './api/create-api.ts'
import { readDiskUsage } from './api/disk-usage.ts'
import { examineInstallation, settingsRefused } from './diagnosis/examine-installation.ts'
import { createProjectPlace } from './diagnosis/project-place.ts'
import { createInstallation } from './installation.ts'
import { createLogger, logOf } from './logging.ts'
import { UpdaterError, sentenceOf } from './rollout/errors.ts'
import { defaultTagPattern } from './git/tag.ts'
import { loadSettings } from './settings/load-settings.ts'
import { createSecret, type Secret } from './settings/secret.ts'
import { exitCodeForSettings, type Problem, type Settings } from './settings/settings.ts'
import { createSystemClock } from './storage/system-clock.ts'
import { createFront } from './updater/front.ts'
import { createObservingService } from './updater/observing.ts'
import type { UpdaterService } from './updater/service.ts'
import { createWorld, type World } from './world.ts'

const usage = `zetherion-updater: keeps a Docker Compose stack behind Traefik on its newest good release.

Usage: zetherion-updater [--help]

It reads its settings from the environment and from config/updater.yml, serves its control API on :9090 and runs until
SIGTERM. README.md lists the settings and the API.
`

/** What was started and how it ends. */
interface Daemon {
  readonly app: FastifyInstance
  /** Ends what is under way, in order. @param clean false when an error ends it */
  stop(clean: boolean): Promise<void>
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
  await secret.check()
  const daemon = reading.kind === 'settings'
    ? await startUpdater(reading.settings, secret, logger)
    : await startObserving(reading.problems.map(({ sentence }) => sentence), secret, logger)
  const address = await daemon.app.listen({ host: api.host, port: api.port })
  logger.info({ address }, 'The control API is up.')
  leaveWithGrace(daemon, logger)
}

/** The API is up at once; the updater behind it begins when its state directory can be used. */
async function startUpdater(settings: Settings, secret: Secret, logger: Logger): Promise<Daemon> {
  const log = logOf(logger)
  const clock = createSystemClock()
  const begun = clock.monotonic()
  const uptime = (): number => (clock.monotonic() - begun) / 1000
  for (const warning of [...settings.warnings, ...settings.secretWarnings]) log.warn(warning)
  const leaving = new AbortController()
  const front = createFront(createObservingService('The updater is starting.', uptime))
  const installation = createInstallation(settings, process.env)
  const place = createProjectPlace(installation, clock)
  const tryToBegin = async (): Promise<World | null> => {
    try {
      const made = await createWorld({
        settings, clock, log, environment: process.env, observing: () => secret.problem() ?? place.problem(),
        authorityLost: (error) => {
          logger.fatal(`${error.message} This updater ends at once and leaves the stack to the other one.`)
          process.exit(1)
        },
      })
      front.exchange(made.updater)
      return made
    } catch (error) {
      if (!(error instanceof UpdaterError && error.code === 'storage_failed')) throw error
      front.exchange(createObservingService(error.message, uptime))
      log.error(error.message)
      return null
    }
  }
  let world = await tryToBegin()
  const watch = async (): Promise<void> => {
    let pause = retryFirst
    while (world === null) {
      await clock.sleep(pause, leaving.signal)
      world = await tryToBegin()
      pause = Math.min(pause * 2, retryLast)
    }
    if (leaving.signal.aborted) return
    const { updater, polling } = world
    await place.look(leaving.signal)
    await updater.start()
    if (!leaving.signal.aborted) polling.start()
  }

  const app = createApi({
    updater: front.service, secret, log: logger, clock,
    tagPattern: settings.git.tagPattern,
    diskUsage: () => readDiskUsage([settings.paths.stateDirectory, settings.paths.projectDirectory]),
    examine: examineInstallation(installation),
  })
  let watching: Promise<void> = Promise.resolve()
  // The API answers while the stack is looked at: a look may take as long as an undo.
  app.addHook('onListen', async () => {
    watching = watch().catch((error: unknown) => {
      if (leaving.signal.aborted) return
      logger.fatal(`The updater could not begin: ${sentenceOf(error)}`)
      process.exit(1)
    })
  })
  return {
    app,
    async stop(clean) {
      leaving.abort(new UpdaterError('shutting_down', 'The updater is shutting down.'))
      await world?.polling.stop()
      await world?.updater.stop({ clean })
      await watching
      await app.close()
      await world?.close()
    },
  }
}

/** Between two tries to use a state directory that could not be used, ms; doubles. */
const retryFirst = 1_000
const retryLast = 30_000

/** The API alone, telling what has to be mended before anything may be changed. */
async function startObserving(problems: readonly string[], secret: Secret, logger: Logger): Promise<Daemon> {
  const clock = createSystemClock()
  const begun = clock.monotonic()
  const reason = problems.join(' ')
  for (const problem of problems) logger.error(problem)
  const updater: UpdaterService = createObservingService(reason, () => (clock.monotonic() - begun) / 1000)
  const app = createApi({ updater, secret, log: logger, clock, tagPattern: defaultTagPattern, diskUsage: () => Promise.resolve([]), examine: () => Promise.resolve([settingsRefused(problems)]) })
  return { app, stop: () => app.close() }
}

function leaveWithGrace(daemon: Daemon, logger: Logger): void {
  closeWithGrace({ delay: leavingLimit, logger: false }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'An error that nobody foresaw; the updater leaves and the next start recovers.')
    else logger.info({ signal }, 'Leaving.')
    await daemon.stop(err === undefined)
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
