import { readFileSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeenState, type SeenState } from '../../kill/observer/state-file.ts'

const file = 'updater-state.json'

/** The record as an observer reads it who shares no code with the updater. @throws Error when it is not whole */
export async function seenRecord(state: string): Promise<SeenState> {
  return readSeenState(await readFile(join(state, file), 'utf8'))
}

/** Calls back with every version of the state file that is seen, as soon as it is renamed into place. */
export function followRecord(state: string, tell: (record: SeenState) => void): () => void {
  let last = -1
  const watcher = watch(state, (_kind, name) => {
    if (name !== file) return
    const record = readSeenState(readFileSync(join(state, file), 'utf8'))
    if (record.sequence === last) return
    last = record.sequence
    tell(record)
  })
  return () => watcher.close()
}

/** `swapping, restart_bot`: a place in a rollout that has a name. */
export function placeOf({ operation, activeTag, sequence }: SeenState): string {
  return operation === null ? `record ${sequence}, closed on ${activeTag}` : `record ${sequence}, ${operation.phase}, ${operation.step ?? 'opened'}`
}
