import { join } from 'node:path'
import type { HistoryEntry, Routes, UpdaterRecord } from '../../src/rollout/model.ts'
import { openOperation, recordOf } from '../contract/record-store/records.ts'
import { entryOf } from './rollout-files.ts'

/* Files that tell by their content which number they were written under, known to the writer and to whoever looks. */

/** Small, so that the history is replaced as a whole now and then. */
export const historyLimit = 8

export function placesOf(root: string) {
  return {
    record: join(root, 'updater-state.json'),
    history: join(root, 'updater-history.jsonl'),
    routes: join(root, 'traefik/dynamic/updater-routes.yml'),
    staging: join(root, 'traefik/.staging'),
  } as const
}

/** Of changing length, so that a mixture of two would show. */
export function recordNumbered(sequence: number): UpdaterRecord {
  return recordOf({ sequence, operation: { ...openOperation, warnings: [filler(sequence)] } })
}

export function routesNumbered(number: number): Routes {
  return { active: number % 2 === 0 ? 'blue' : 'green', generation: `${number}`.padStart(32, '0'), sequence: number, topology: openOperation.topology }
}

export function entryNumbered(number: number): HistoryEntry {
  const entry = entryOf(`op-${number}`)
  return { ...entry, result: { ...entry.result, warnings: [filler(number)] } }
}

function filler(number: number): string {
  return `${number} `.repeat(1 + (number * 97) % 700)
}
