import { watch, type FSWatcher } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { oneAtATime } from '../../rollout/one-at-a-time.ts'
import { containerPaths } from './container-files.ts'

/**
 * Tells of containers that come, go or change their state, by the files in which that is written down, until the signal
 * aborts. A supervisor that was killed writes nothing any more: only a look finds that.
 */
export async function followContainers(directory: string, onChange: () => void, signal: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const inTurn = oneAtATime()
  const watched = new Map<string, FSWatcher>()
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])

  await new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      for (const watcher of watched.values()) watcher.close()
      shelf.close()
      resolve()
    }
    const fail = (error: unknown): void => {
      reject(error instanceof Error ? error : new Error(String(error)))
      over.abort(error)
    }
    const refresh = (): void => {
      inTurn(async () => {
        const entries = new Set(await readdir(directory))
        if (either.aborted) return
        for (const [entry, watcher] of watched) {
          if (entries.has(entry)) continue
          watcher.close()
          watched.delete(entry)
        }
        for (const entry of entries) if (!watched.has(entry)) watched.set(entry, watchContainer(join(directory, entry), onChange))
        onChange()
      }).catch(fail)
    }
    const shelf = watch(directory, refresh)
    shelf.on('error', fail)
    if (either.aborted) return leave()
    either.addEventListener('abort', leave, { once: true })
    refresh()
  })
}

function watchContainer(directory: string, onChange: () => void): FSWatcher {
  const paths = containerPaths(directory)
  const telling = new Set([paths.run, paths.stop, paths.description].map((path) => basename(path)))
  const watcher = watch(directory, (_event, file) => {
    // Its output is in the same directory, and says nothing of its state.
    if (file !== null && telling.has(file)) onChange()
  })
  // The directory went away: the shelf's own watch tells that.
  watcher.on('error', () => watcher.close())
  return watcher
}
