import type { Clock } from '../rollout/ports.ts'

/** So many wrong secrets an address may send within the window (ms) before it is shut out for the rest of it. */
export interface WrongSecretLimit {
  readonly attempts: number
  readonly window: number
}

/** Counts wrong secrets by remote address. */
export interface WrongSecrets {
  count(address: string): void
  /** Seconds until the address may try again; 0: it may. */
  shutOutFor(address: string): number
}

/** A table of this size outlives every real number of clients; an attacker with more addresses only forgets his own. */
const mostAddresses = 1_000

export function countWrongSecrets(limit: WrongSecretLimit, clock: Pick<Clock, 'monotonic'>): WrongSecrets {
  const byAddress = new Map<string, { attempts: number; readonly until: number }>()

  function current(address: string) {
    const entry = byAddress.get(address)
    if (entry !== undefined && clock.monotonic() >= entry.until) {
      byAddress.delete(address)
      return undefined
    }
    return entry
  }

  return {
    count(address) {
      const entry = current(address)
      if (entry !== undefined) {
        entry.attempts += 1
        return
      }
      const oldest = byAddress.size >= mostAddresses ? byAddress.keys().next().value : undefined
      if (oldest !== undefined) byAddress.delete(oldest)
      byAddress.set(address, { attempts: 1, until: clock.monotonic() + limit.window })
    },
    shutOutFor(address) {
      const entry = current(address)
      if (entry === undefined || entry.attempts < limit.attempts) return 0
      return Math.max(1, Math.ceil((entry.until - clock.monotonic()) / 1_000))
    },
  }
}
