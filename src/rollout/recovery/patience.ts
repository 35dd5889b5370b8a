/**
 * What recovery remembers between two looks: how often something was tried and how long something is so. Lost in a
 * restart without harm, since every bound starts anew with at most its first try. Times are monotonic ms.
 */
export interface Patience {
  /** At which the standby was first seen running without being routed (R17). */
  standbySince: number | null
  /** Of recent starts of each fallen service (R16): one that does not stay up uses up no other's tries. */
  readonly starts: Map<string, number[]>
  /** Fallen services: what was last seen of each, and since when that is so (R16). */
  fallen: ReadonlyMap<string, { readonly seen: string; readonly since: number }>
  /** Why the last start of fallen services failed, in a sentence; null: it did not (R16). */
  notStarted: string | null
  /** At which a service was first seen being recreated by somebody's compose (R5, R16). */
  recreatedSince: number | null
  /** Of recent starts of the old color in this operation (R8). */
  oldColorStarts: number[]
  /** Starts of the old color in this operation that failed (R8). */
  oldColor: Tries
  /** Tries to retire the old color of this operation that failed (R11). */
  retiring: Tries
  /** Tries to stop a standby that failed (R17). */
  standbyStops: Tries
  /** Services that should be well: their present run, and what ails it (I11). */
  runs: ReadonlyMap<string, Run>
  /** When the moving tags were last compared with what runs; null: look at the next chance. */
  tagsLookedAt: number | null
  /** Tries to remove what no release needs any more (I9). */
  room: Tries
  /** How often all of it was removed since the last operation, or since the start. */
  roomMade: number
  /** Looks of the watch, one after the other, that an error ended or that found no engine (R2). */
  looks: Tries
}

/** From one start of a service's container to the next. */
export interface Run {
  readonly id: string
  readonly startedAt: string | null
  /** At which it was first seen. */
  readonly since: number
  /** What is wrong with the service, for people; null: nothing. */
  readonly ailment: string | null
  /** Since when something is, over however many runs of the container. */
  readonly ailingSince: number
}

/** Failed tries, and when the next one is due. */
export interface Tries {
  readonly failed: number
  readonly notBefore: number
  /** What the last one ended with, in a sentence; null before the first. */
  readonly why: string | null
}

export const noTries: Tries = { failed: 0, notBefore: 0, why: null }

/** A new daemon has seen nothing yet. */
export function freshPatience(): Patience {
  return {
    standbySince: null, starts: new Map(), fallen: new Map(), notStarted: null, recreatedSince: null, oldColorStarts: [],
    oldColor: noTries, retiring: noTries, standbyStops: noTries, runs: new Map(), tagsLookedAt: null,
    room: noTries, roomMade: 0, looks: noTries,
  }
}

/** One more failure: the pause before the next try doubles up to `longest`. */
export function failedOnceMore(tries: Tries, why: string, now: number, first: number, longest: number): Tries {
  return { failed: tries.failed + 1, notBefore: now + Math.min(first * 2 ** tries.failed, longest), why }
}

/** Whether another try within the window is allowed; counts it if so. */
export function mayTry(times: number[], now: number, limit: number, window: number): boolean {
  const recent = times.filter((at) => now - at < window)
  const allowed = recent.length < limit
  times.splice(0, times.length, ...recent, ...(allowed ? [now] : []))
  return allowed
}

/** Those of the services that may be started once more; counts it for these. */
export function mayStart(starts: Map<string, number[]>, services: readonly string[], now: number, limit: number, window: number): string[] {
  return services.filter((service) => {
    const times = starts.get(service) ?? []
    starts.set(service, times)
    return mayTry(times, now, limit, window)
  })
}

/** In how many ms this service may be started: one that falls again at once is not started in a tight row. */
export function startableIn({ starts }: Patience, service: string, now: number): number {
  return (starts.get(service)?.at(-1) ?? -Infinity) + startEvery - now
}

/** Between two starts of one service, ms. */
export const startEvery = 10_000

/** After this a start has brought the service back, ms. */
export const held = 60_000

/** What a start has brought back for good is not held against the next fall. */
export function forgetStartsThatHeld(starts: Map<string, number[]>, down: readonly string[], now: number): void {
  for (const [service, times] of starts) {
    if (!down.includes(service) && now - (times.at(-1) ?? 0) >= held) starts.delete(service)
  }
}
