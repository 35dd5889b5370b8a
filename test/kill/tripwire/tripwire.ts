import { randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A rename of the daemon's, a directory that it makes, or a call of its to the engine, at which it ends. */
export interface Wire {
  /** Matches the new name, or the call: `DELETE /containers/…`. */
  readonly to: RegExp
  /** Matches what the file says that is renamed. */
  readonly holding?: RegExp
  /** The how-manieth such call, counted from the arming on; 1 is the first. */
  readonly number: number
  /** Before the call took effect, or after it and before anything else. */
  readonly side: 'before' | 'after'
  readonly signal: 'SIGKILL' | 'SIGSTOP'
}

/** Has the real daemon killed at an exact place: between two system calls of its own. */
export interface Tripwire {
  /** For the daemon's environment; costs it nothing while nothing is armed but a look for the wire at each rename. */
  readonly env: Readonly<Record<string, string>>
  arm(wire: Wire): Promise<void>
  /** Instead of ending it: every file that gets a matching name is copied to this directory, named by its number from now on. */
  copyAll(to: RegExp, directory: string): Promise<void>
  disarm(): Promise<void>
}

export function createTripwire(directory: string): Tripwire {
  const path = join(directory, 'tripwire.json')
  const write = async (wire: unknown): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify(wire))
    await rename(`${path}.new`, path)
  }
  return {
    env: { NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('preload.cjs', import.meta.url)))}`, ZETHERION_TEST_TRIPWIRE: path },
    arm: ({ to, holding, ...wire }) => write({ id: randomUUID(), to: to.source, holding: holding?.source, ...wire }),
    copyAll: (to, copies) => write({ id: randomUUID(), to: to.source, copies, number: 0 }),
    disarm: () => rm(path, { force: true }),
  }
}
