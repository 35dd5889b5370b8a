import type { Reach } from '../rollout/context.ts'
import { sentenceOf } from '../rollout/errors.ts'
import { Journal } from '../rollout/journal.ts'
import type { Hold, LoadedRecord } from '../rollout/model.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { adoptStack, firstRecord, holdReason, notYetAdoptable, pausedBefore, withAdopted, withNextEpoch } from '../rollout/recovery/adoption.ts'
import { decide, notBelieved } from '../rollout/recovery/decide.ts'
import { observe } from '../rollout/recovery/observation.ts'

/** What came of trying to get a journal. */
export type Takeover =
  | { readonly kind: 'journal'; readonly journal: Journal }
  /** Tried again at the next look. */
  | { readonly kind: 'waiting'; readonly why: string }
  /** Nothing may be changed by this version (R1). */
  | { readonly kind: 'observing'; readonly why: string }

/**
 * Takes over the record of an earlier daemon, or makes the first one out of what runs (R1–R4). The epoch is raised, so
 * that the record tells which daemon wrote last.
 * @param countAsPaused told why rollouts count as paused until there is a journal, as soon as that is known (I4); null: nothing speaks against them
 */
export async function takeOver(reach: Reach, store: RecordStore, countAsPaused: (why: string | null) => void): Promise<Takeover> {
  const loaded = await store.load().catch((error: unknown) => {
    countAsPaused(sentenceOf(error))
    throw error
  })
  // Judged before anything is written: each write raises the number that tells an older copy from the routes' (R4).
  const routes = await reach.ports.router.read()
  const traces = loaded.kind !== 'record' && await hasHistory(reach)
  const doubt = notBelieved(loaded, routes, traces)
  if (loaded.kind === 'record' && doubt === null) {
    const journal = new Journal(store, reach.ports.log, loaded.record)
    // On a full disk too: the traffic's way back needs no write (I10).
    await journal.note(withNextEpoch(reach.settings.policy, now(reach)))
    return { kind: 'journal', journal }
  }
  countAsPaused(doubt ?? pauseIn(loaded))
  const { topology } = reach.settings
  const world = await observe(reach, topology, null)
  const { row, why } = decide({ loaded, world, topology, traces, expectedRoutes: () => null })
  if (row === 1) return { kind: 'observing', why }
  if (row === 2) return { kind: 'waiting', why }
  const missing = notYetAdoptable(world, topology, row === 3)
  if (missing !== null) return { kind: 'waiting', why: missing }

  const earlier = loaded.kind === 'predecessor' ? loaded.state : null
  const adopted = await adoptStack(reach, earlier, world)
  const hold: Hold | null = row === 4 ? { reason: holdReason(why, adopted, world, topology), origin: 'recovery', since: now(reach) } : null
  const record = loaded.kind === 'record' && hold !== null ? withAdopted(adopted, hold)(loaded.record) : firstRecord(adopted, earlier, hold)
  const journal = new Journal(store, reach.ports.log, record)
  await journal.commit((current) => ({ ...current, epoch: current.epoch + 1 }))
  reach.ports.log.info(`Took over ${record.active.tag} on ${record.activeColor}. ${why}`)
  return { kind: 'journal', journal }
}

/** One that cannot be read is one: nobody else writes it. Why it cannot is told when somebody asks for it. */
function hasHistory({ ports }: Reach): Promise<boolean> {
  return ports.history.entries().then((entries) => entries.length > 0, () => true)
}

/** A pause that is to be taken over counts before it is. */
function pauseIn(loaded: LoadedRecord): string | null {
  return loaded.kind === 'predecessor' && loaded.state.paused ? pausedBefore(loaded.state) : null
}

function now({ ports }: Reach): string {
  return new Date(ports.clock.now()).toISOString()
}
