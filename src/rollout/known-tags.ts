import type { Release, UpdaterRecord } from './model.ts'

/** More tags than a repository names in years; a tag that was forgotten is seen for the first time again. */
const limit = 200

/**
 * Remembers what a tag was seen to name (fault 39); bounded (I9). The oldest go first, but never one of a release that
 * runs, can be gone back to, or is quarantined.
 */
export function withKnownTag(record: UpdaterRecord, { tag, commit }: Release): Record<string, string> {
  const needed = new Set([record.active, record.lastGood, ...record.previous, ...record.quarantine].flatMap((one) => (one === null ? [] : [one.tag])))
  const earlier = Object.entries(record.knownTags).filter(([known]) => known !== tag)
  let surplus = earlier.length + 1 - limit
  const kept = earlier.filter(([known]) => {
    if (surplus <= 0 || needed.has(known)) return true
    surplus -= 1
    return false
  })
  return Object.fromEntries([...kept, [tag, commit]])
}
