import { join } from 'node:path'
import { startDaemon, type Daemon } from './daemon.ts'
import type { Stack } from './stack.ts'

/** The updater of one stack, which may be ended and started again any number of times. */
export interface UpdaterProcess {
  /** The one that was started last. @throws Error when none was */
  current(): Daemon
  start: Stack['startUpdater']
  /** Ends it in order, if it was started. */
  end(): Promise<void>
}

/** Writes its log to `updater.log` in the stack's root. `env` is what it gets at every start. */
export function createUpdaterProcess(root: string, detached: boolean, env: Readonly<Record<string, string>>): UpdaterProcess {
  let daemon: Daemon | null = null
  return {
    current() {
      if (daemon === null) throw new Error('the updater was not started')
      return daemon
    },
    async start({ env: more = {}, onLine, onSpawn } = {}) {
      daemon = await startDaemon({
        logFile: join(root, 'updater.log'),
        detached,
        ...(onLine && { onLine }),
        ...(onSpawn && { onSpawn }),
        env: { ...env, ...more },
      })
      return daemon
    },
    async end() {
      await daemon?.end('SIGTERM')
    },
  }
}
