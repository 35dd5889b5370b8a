import { UpdaterError } from '../rollout/errors.ts'
import type { Reach } from '../rollout/context.ts'
import type { Release, UpdaterRecord } from '../rollout/model.ts'
import { within } from '../rollout/within.ts'
import type { ApplyRequest } from './service.ts'

/**
 * Finds what a tag names, by asking the remote; nothing is changed.
 * @throws unknown_tag, tag_moved, remote_unreachable
 */
export async function releaseOfTag(reach: Reach, record: UpdaterRecord, { tag, version, origin }: ApplyRequest): Promise<Release> {
  const limit = { name: 'git', milliseconds: reach.settings.limits.git }
  const tags = await within(reach.ports.clock, limit, 'Asking the git remote', reach.signal, (signal) => reach.ports.source.listTags(signal))
  const found = tags.find((candidate) => candidate.tag === tag)
  if (found === undefined) throw new UpdaterError('unknown_tag', `The remote has no release tag ${tag}. Nothing was changed.`)
  const known = record.knownTags[tag]
  if (known !== undefined && known !== found.commit) {
    throw new UpdaterError('tag_moved', `Tag ${tag} named ${known} and now names ${found.commit}. It is refused; give the release a new tag.`)
  }
  // Polling chose by what the tag named then (I8).
  if (origin === 'polling' && record.quarantine.some(({ commit }) => commit === found.commit)) {
    throw new UpdaterError('tag_moved', `Tag ${tag} names ${found.commit} by now, which is quarantined. It is refused; give the release a new tag.`)
  }
  return { tag, version, commit: found.commit }
}

/** Finds a commit to roll back to, without the remote. @throws unknown_commit */
export async function releaseOfCommit(reach: Reach, record: UpdaterRecord, commit: string): Promise<Release> {
  const known = [record.active, record.lastGood, ...record.previous].find((release) => release?.commit === commit)
  if (known) return known
  const limit = { name: 'git', milliseconds: reach.settings.limits.git }
  const here = await within(reach.ports.clock, limit, 'Looking into the mirror', reach.signal, (signal) => reach.ports.source.has(commit, signal))
  if (!here) throw new UpdaterError('unknown_commit', `Commit ${commit} is no release that was fetched here. See GET /update/history for those that were.`)
  const tag = Object.entries(record.knownTags).find(([, named]) => named === commit)?.[0]
  return { tag: tag ?? commit.slice(0, 12), version: tag?.replace(/^v/, '') ?? commit.slice(0, 12), commit }
}
