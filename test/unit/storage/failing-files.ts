import type { Files, NewFile } from '../../../src/rollout/ports.ts'

/** Files on which one call goes wrong, counted over every call that changes something. */
export interface FailingFiles extends Files {
  /** Calls so far: `create`, `write`, `rename` … */
  readonly calls: string[]
}

/** `instead`: the call has no effect; `half`: a write takes half of its bytes; `after`: it has its effect and then fails. */
export type Manner = 'instead' | 'half' | 'after'

/**
 * Fails at the n-th call (1 is the first) and at every later one, as a process does that was killed there: what a
 * caller would do in its error handling has no effect either.
 */
export function killedAt(files: Files, n: number, manner: Manner): FailingFiles {
  return wrap(files, (call) => (call < n ? 'go' : call === n ? manner : 'instead'))
}

/** Fails at the n-th call only, as a passing fault of the disk does. */
export function faultAt(files: Files, n: number, manner: Manner): FailingFiles {
  return wrap(files, (call) => (call === n ? manner : 'go'))
}

function wrap(files: Files, mannerOf: (call: number) => Manner | 'go'): FailingFiles {
  const calls: string[] = []
  const fault = () => Object.assign(new Error('the disk failed'), { code: 'EIO' })

  async function run<T>(name: string, effect: () => Promise<T>, half: () => Promise<unknown> = async () => undefined, forsake: (result: T) => Promise<void> = async () => undefined): Promise<T> {
    calls.push(name)
    const manner = mannerOf(calls.length)
    if (manner === 'instead') throw fault()
    if (manner === 'half') {
      await half()
      throw fault()
    }
    const result = await effect()
    if (manner === 'after') {
      await forsake(result)
      throw fault()
    }
    return result
  }

  // The operating system closes files whatever happens to the process.
  const forsakeFile = (file: NewFile) => file.close()
  const wrapFile = (file: NewFile): NewFile => ({
    write: (bytes) => run('write', () => file.write(bytes), () => file.write(bytes.subarray(0, bytes.length >> 1))),
    sync: () => run('sync', () => file.sync()),
    close: () => file.close(),
  })

  return {
    calls,
    read: (path) => files.read(path),
    list: (directory) => files.list(directory),
    create: (path, mode) => run('create', async () => wrapFile(await files.create(path, mode)), undefined, forsakeFile),
    append: (path, mode) => run('append', async () => wrapFile(await files.append(path, mode)), undefined, forsakeFile),
    rename: (from, to) => run('rename', () => files.rename(from, to)),
    syncDirectory: (path) => run('syncDirectory', () => files.syncDirectory(path)),
    remove: (path) => run('remove', () => files.remove(path)),
    makeDirectory: (path, mode) => run('makeDirectory', () => files.makeDirectory(path, mode)),
  }
}
