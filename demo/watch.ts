import type { LogLine } from './stack/daemon.ts'

/** A step that ended. */
export interface StepTaken {
  readonly step: string
  /** When it ended, ms since the epoch. */
  readonly at: number
  readonly durationMs: number
  readonly failed: boolean
}

/** One operation of the updater, as its log tells it. Times are ms since the epoch. */
export interface Watched {
  /** Such as `apply v1.1.0`. */
  readonly what: string
  readonly opened: number
  readonly steps: StepTaken[]
  undoStarted: number | null
  /** The commit point, or the end of the undo: its caller has the answer. */
  ended: number | null
  /** The old color is gone too. */
  closed: number | null
}

export type Moment =
  | { readonly kind: 'step'; readonly step: StepTaken }
  | { readonly kind: 'undo'; readonly at: number }
  | { readonly kind: 'undone'; readonly at: number; readonly durationMs: number }

export interface Watch {
  readonly operations: readonly Watched[]
  onLine(line: LogLine): void
  /** The operation that begins next, once it is closed. Call this before it is asked for. @throws Error when the signal aborts */
  nextClosed(signal: AbortSignal): Promise<Watched>
}

/** Follows the updater through its log. @param tell hears each moment as it comes */
export function createWatch(tell: (moment: Moment) => void): Watch {
  const operations = new Map<string, Watched>()
  const waiting = new Set<() => void>()

  const note = (watched: Watched, line: LogLine): void => {
    const at = Date.parse(line.time)
    if ((line.event === 'step_completed' || line.event === 'step_failed') && typeof line.step === 'string') {
      const step = { step: line.step, at, durationMs: line.durationMs ?? 0, failed: line.event === 'step_failed' }
      watched.steps.push(step)
      tell({ kind: 'step', step })
    } else if (line.event === 'undo_started') {
      watched.undoStarted = at
      tell({ kind: 'undo', at })
    } else if (line.event === 'ended') {
      watched.ended = at
      if (watched.undoStarted !== null) tell({ kind: 'undone', at, durationMs: at - watched.undoStarted })
    } else if (line.event === 'closed') watched.closed = at
  }

  return {
    get operations() {
      return [...operations.values()]
    },
    onLine(line) {
      const id = line['operation']
      if (typeof id !== 'string' || line.event === undefined) return
      if (line.event === 'opened') operations.set(id, { what: line.msg, opened: Date.parse(line.time), steps: [], undoStarted: null, ended: null, closed: null })
      const watched = operations.get(id)
      if (watched === undefined) return
      note(watched, line)
      for (const look of waiting) look()
    },
    nextClosed(signal) {
      const index = operations.size
      return new Promise((resolve, reject) => {
        const stop = (): void => {
          waiting.delete(look)
          reject(new Error('the operation did not close', { cause: signal.reason }))
        }
        const look = (): void => {
          const next = [...operations.values()][index]
          if (next === undefined || next.closed === null) return
          waiting.delete(look)
          signal.removeEventListener('abort', stop)
          resolve(next)
        }
        signal.addEventListener('abort', stop, { once: true })
        waiting.add(look)
      })
    },
  }
}
