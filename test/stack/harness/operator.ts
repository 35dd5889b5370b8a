import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Engine } from '../../engine/engine.ts'

/** The person whose stack it is: a plain user of this machine, in the group of the engine's socket, with a home of their own. */
export interface Operator {
  readonly uid: number
  readonly gid: number
  /** Group of the engine's socket. */
  readonly socketGroup: number
  /** Runs a command as this user; its output without the last line break. @throws Error with its last words */
  run(command: string, args: readonly string[], options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }): Promise<string>
  /**
   * Runs a command that prints until it is told to end, and presses Ctrl-C as soon as it has printed this, or after half a minute.
   * @returns what it printed
   */
  watch(command: string, args: readonly string[], until: RegExp, cwd: string): Promise<string>
}

/** Ids that nobody has on a Debian machine, so that every file tells whose it is. */
const ids = { uid: 15_001, gid: 15_001, socketGroup: 15_002 }
/** Becomes another user, and then the command that is called. */
const become = 'setpriv'
/** A first `up` builds six images, ms. */
const commandLimit = 15 * 60_000
const watchLimit = 30_000

/** @param home a directory that is made here */
export async function becomeOperator(engine: Engine, home: string): Promise<Operator> {
  const plugins = join(home, '.docker/cli-plugins')
  await mkdir(plugins, { recursive: true })
  const [compose = ''] = engine.composeCommand
  await copyFile(compose, join(plugins, 'docker-compose')) // where it lies only root may look
  const environment = { DOCKER_HOST: engine.env.DOCKER_HOST, PATH: engine.env.PATH, HOME: home, LANG: 'C.UTF-8' }
  const identity = [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, `--groups=${ids.socketGroup}`]
  return {
    ...ids,
    async watch(command, args, until, cwd) {
      // A group of its own, to all of which a terminal's Ctrl-C goes.
      const child = spawn(become, [...identity, '--', command, ...args], { cwd, env: environment, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'close')
      const interrupt = (): void => void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGINT'))
      const limit = setTimeout(interrupt, watchLimit)
      let printed = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        const before = until.test(printed)
        printed += chunk
        if (!before && until.test(printed)) interrupt()
      })
      await ended
      clearTimeout(limit)
      return printed
    },
    async run(command, args, { cwd, env = {} } = {}) {
      const { stdout } = await promisify(execFile)(become, [...identity, '--', command, ...args], {
        env: { ...environment, ...env }, timeout: commandLimit, maxBuffer: 32 * 1024 ** 2, ...(cwd !== undefined && { cwd }),
      })
      return stdout.trimEnd()
    },
  }
}
