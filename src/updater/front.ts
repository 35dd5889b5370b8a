import type { RolloutEvent, UpdaterService } from './service.ts'

/** One service that stands for another, which may be exchanged while the API is up. */
export interface Front {
  readonly service: UpdaterService
  exchange(behind: UpdaterService): void
}

/** Who subscribed stays subscribed through an exchange. */
export function createFront(first: UpdaterService): Front {
  let behind = first
  const listeners = new Map<(event: RolloutEvent) => void, () => void>()
  return {
    exchange(next) {
      for (const end of listeners.values()) end()
      behind = next
      for (const listener of listeners.keys()) listeners.set(listener, next.subscribe(listener))
    },
    service: {
      status: () => behind.status(),
      history: () => behind.history(),
      operation: (id) => behind.operation(id),
      apply: (request) => behind.apply(request),
      rollback: (request) => behind.rollback(request),
      unpause: (by) => behind.unpause(by),
      pause: (reason, by) => behind.pause(reason, by),
      cancel: (by) => behind.cancel(by),
      enterMaintenance: (reason, by) => behind.enterMaintenance(reason, by),
      leaveMaintenance: (by) => behind.leaveMaintenance(by),
      diagnostics: (signal) => behind.diagnostics(signal),
      reloadRoutes: (by) => behind.reloadRoutes(by),
      subscribe(listener) {
        listeners.set(listener, behind.subscribe(listener))
        return () => {
          listeners.get(listener)?.()
          listeners.delete(listener)
        }
      },
    },
  }
}
