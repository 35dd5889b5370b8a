import { type FSWatcher, watch } from 'node:fs'

const debounce = 10
/** A watch can be lost (its directory replaced) or be missing from the start; looking again costs next to nothing. */
const lookEvery = 1_000

/** Calls `onChange` soon after anything in the directory changed, and once a second in any case. It may be missing at first. */
export function watchDirectory(directory: string, onChange: () => void): { close(): void } {
  let watcher: FSWatcher | null = null
  let pending: NodeJS.Timeout | null = null

  const soon = (): void => {
    pending ??= setTimeout(() => {
      pending = null
      onChange()
    }, debounce)
  }
  const drop = (): void => {
    watcher?.close()
    watcher = null
  }
  const ensure = (): void => {
    if (watcher !== null) return
    try {
      watcher = watch(directory, soon).once('error', drop)
    } catch {
      // Not there yet: the next look tries again.
      watcher = null
    }
  }
  const timer = setInterval(() => {
    ensure()
    onChange()
  }, lookEvery)
  timer.unref()
  ensure()

  return {
    close() {
      clearInterval(timer)
      if (pending !== null) clearTimeout(pending)
      drop()
    },
  }
}
