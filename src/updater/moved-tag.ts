import { withHold } from '../rollout/consequences.ts'
import type { Journal } from '../rollout/journal.ts'
import type { TagRef } from '../rollout/model.ts'

/**
 * Holds rollouts when the tag of the running release names another commit than the one that was rolled out by that name:
 * what runs can no longer be told from the repository (fault 39).
 * @returns the reason; null when nothing moved
 */
export async function holdIfRunningTagMoved(journal: Journal, tags: readonly TagRef[], at: string): Promise<string | null> {
  const { active, knownTags } = journal.record
  const known = knownTags[active.tag]
  const seen = tags.find(({ tag }) => tag === active.tag)
  if (known === undefined || seen === undefined || seen.commit === known) return null
  const reason = `The tag ${active.tag} of the running release named ${known} and now names ${seen.commit} on the remote; find out who moved it.`
  await journal.note((record) => ({ ...record, holds: withHold(record.holds, { reason, origin: 'tag_moved', since: at }) }))
  return reason
}
