import type { Topology } from '../../src/rollout/topology.ts'
import type { EffectWatch } from '../simulation/world/effects.ts'
import { Life } from '../simulation/world/life.ts'
import { Stack } from '../simulation/world/stack.ts'
import { VirtualTime } from '../simulation/world/virtual-time.ts'

/** A simulated stack whose time passes by itself, for suites that wait as they do for real things. */
export interface RunningStack {
  readonly stack: Stack
  /** The process that asks. */
  readonly life: Life
  /** Its time stands still from now on. */
  readonly close: () => void
}

/** A contract is about the port, not about what a daemon may ask of it. */
const unwatched: EffectWatch = {
  asked: () => undefined, before: () => undefined, after: () => undefined, succeeded: () => undefined, afterFile: () => undefined,
}

/** How far time goes at once while nobody in the world waits for anything, ms. */
const idle = 50

export function startSimulatedStack(topology: Topology): RunningStack {
  const time = new VirtualTime()
  return { stack: new Stack(time, topology, {}, unwatched), life: new Life(time), close: letRun(time) }
}

/** Moves on whenever every promise has gone as far as it can. Tells how to stop. */
function letRun(time: VirtualTime): () => void {
  let runs = true
  const turn = (): void => {
    if (!runs) return
    if (time.advance()) {
      setImmediate(turn)
    } else {
      time.after(idle, () => undefined)
      setTimeout(turn, 1)
    }
  }
  setImmediate(turn)
  return () => {
    runs = false
  }
}
