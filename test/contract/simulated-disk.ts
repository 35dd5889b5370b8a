import { createRecordStore } from '../../src/storage/record-store.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import type { RecordStore, TrafficRouter } from '../../src/rollout/ports.ts'
import { Disk } from '../simulation/world/disk.ts'
import { Effects, type EffectWatch } from '../simulation/world/effects.ts'
import { SimulatedFiles } from '../simulation/world/files.ts'
import { Life } from '../simulation/world/life.ts'
import { seededRandom } from '../simulation/world/seeded-random.ts'
import { storageChecks } from '../simulation/world/state-directory.ts'
import { VirtualTime } from '../simulation/world/virtual-time.ts'
import { silentLog } from '../unit/storage/silent-log.ts'

const nobodyWatches: EffectWatch = { asked: () => undefined, before: () => undefined, after: () => undefined, succeeded: () => undefined, afterFile: () => undefined }

/** A simulated disk with one empty directory, and what the shipped adapters make of it. */
export interface SimulatedDisk {
  readonly disk: Disk
  readonly files: SimulatedFiles
  readonly directory: string
  readonly openRecordStore: (path: string) => RecordStore
  readonly openRouter: (routesPath: string, stagingDirectory: string) => TrafficRouter
}

/** Everything on it works at once: nothing waits for virtual time. */
export function createSimulatedDisk(): SimulatedDisk {
  const disk = new Disk()
  const directory = '/place'
  disk.makeDirectory(directory)
  const time = new VirtualTime()
  const files = new SimulatedFiles(disk, new Effects(time, nobodyWatches), new Life(time))
  const random = seededRandom(1)
  return {
    disk, files, directory,
    openRecordStore: (path) => createRecordStore({ path, files, random, log: silentLog, checks: storageChecks }),
    openRouter: (routesPath, stagingDirectory) => createTraefikRouter({ routesPath, stagingDirectory, files }),
  }
}
