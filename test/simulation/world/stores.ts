import type { HistoryStore, RecordStore, TrafficRouter } from '../../../src/rollout/ports.ts'
import type { Deed } from './effects.ts'
import type { Life } from './life.ts'
import type { Stack } from './stack.ts'

/** A write, a rename and their syncs together, ms. */
const fileCall = 1

/** Runs one effect of a port on files. */
export type FileEffect = <T>(deed: Deed, run: () => Promise<T>) => Promise<T>

/** Effects that one daemon has on files, one level above their calls. */
export function fileEffectsOf(stack: Stack, life: Life): FileEffect {
  return (deed, run) => stack.effects.perform(life, deed, null, async () => {
    await stack.time.pause(fileCall)
    return run()
  })
}

/** The real store, each write of it an effect. */
export function asEffects(store: RecordStore, effect: FileEffect): RecordStore {
  return {
    load: () => store.load(),
    write: (record) => effect({ name: 'store.write', record }, () => store.write(record)),
  }
}

/** The real history, each line of it an effect. */
export function historyAsEffects(history: HistoryStore, effect: FileEffect): HistoryStore {
  return {
    append: (entry) => effect({ name: 'history.append' }, () => history.append(entry)),
    entries: () => history.entries(),
  }
}

/** The real keeper of the routes file, each change of it an effect. */
export function routerAsEffects(router: TrafficRouter, effect: FileEffect): TrafficRouter {
  return {
    read: () => router.read(),
    render: (routes) => router.render(routes),
    stage: (routes) => effect({ name: 'router.stage', generation: routes.generation }, () => router.stage(routes)),
    activate: (generation) => effect({ name: 'router.activate', generation }, () => router.activate(generation)),
    sweep: (signal) => effect({ name: 'router.sweep' }, () => router.sweep(signal)),
    keepCopy: () => effect({ name: 'router.keepCopy' }, () => router.keepCopy()),
  }
}
