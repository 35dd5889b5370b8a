import type { Reach } from '../rollout/context.ts'
import { Journal } from '../rollout/journal.ts'
import type { Hold } from '../rollout/model.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { adoptStack, firstRecord, notYetAdoptable, withAdopted, withNextEpoch } from '../rollout/recovery/adoption.ts'
import { decide, sequenceOf } from '../rollout/recovery/decide.ts'
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
 */
export async function takeOver(reach: Reach, store: RecordStore): Promise<Takeover> {
  const loaded = await store.load()
  // Judged before anything is written: each write raises the number that tells an older copy from the routes' (R4).
  const isOlderCopy = loaded.kind === 'record' && sequenceOf(await reach.ports.router.read()) > loaded.record.sequence
  if (loaded.kind === 'record' && !isOlderCopy) {
    const journal = new Journal(store, reach.ports.log, loaded.record)
    // On a full disk too: the traffic's way back needs no write (I10).
    await journal.note(withNextEpoch(reach.settings.policy, now(reach)))
    return { kind: 'journal', journal }
  }
  const { topology } = reach.settings
  const world = await observe(reach, topology, null)
  const traces = (await reach.ports.history.entries().catch(() => [])).length > 0 // an unreadable history is told when it is read
  const { row, why } = decide({ loaded, world, topology, traces, expectedRoutes: () => null })
  if (row === 1) return { kind: 'observing', why }
  if (row === 2) return { kind: 'waiting', why }
  const missing = notYetAdoptable(world, topology)
  if (missing !== null) return { kind: 'waiting', why: missing }

  const hold: Hold | null = row === 4 ? { reason: why, origin: 'recovery', since: now(reach) } : null
  const earlier = loaded.kind === 'predecessor' ? loaded.state : null
  const adopted = await adoptStack(reach, earlier, world)
  const record = loaded.kind === 'record' && hold !== null ? withAdopted(adopted, hold)(loaded.record) : firstRecord(adopted, earlier, hold)
  const journal = new Journal(store, reach.ports.log, record)
  await journal.commit((current) => ({ ...current, epoch: current.epoch + 1 }))
  reach.ports.log.info(`Took over ${record.active.tag} on ${record.activeColor}. ${why}`)
  return { kind: 'journal', journal }
}

function now({ ports }: Reach): string {
  return new Date(ports.clock.now()).toISOString()
}
