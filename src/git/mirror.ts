import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { nullIfMissing } from '../files/null-if-missing.ts'
import { UpdaterError } from '../rollout/errors.ts'
import type { TagRef } from '../rollout/model.ts'
import { runGit } from './command.ts'
import type { CommandOptions } from './command.ts'
import { localFailure, remoteFailure } from './failure.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Repository } from './repository.ts'
import type { AssertSigned } from './signature.ts'
import { assertReleaseTag, parseAdvertisement } from './tag.ts'
import type { AdvertisedTag } from './tag.ts'

/** The bare repository of ours that holds every release we fetched. */
export interface Mirror {
  /** Makes it, or mends what a killed daemon left. May be called again at any time. */
  prepare(signal: AbortSignal): Promise<void>
  listTags(signal: AbortSignal): Promise<TagRef[]>
  fetch(tag: string, expected: string | null, signal: AbortSignal): Promise<string>
  has(commit: string, signal: AbortSignal): Promise<boolean>
}

/** What a tag must be like to be taken. */
export interface TagRules {
  readonly pattern: RegExp
  /** Null: nobody asks who made a tag. */
  readonly assertSigned: AssertSigned | null
}

/** Ref that keeps a fetched commit, so that a moved tag takes no release away from us. */
export function releaseRef(commit: string): string {
  return `refs/releases/${commit}`
}

/** Whether this is a commit that git can know; an adopted stack has a made-up one. */
export function isCommitId(commit: string): boolean {
  return /^[0-9a-f]{40}$/.test(commit)
}

/**
 * @param remote options for commands that talk to the remote; its signal is replaced by each caller's
 */
export function createMirror(
  directory: string, url: string, { pattern: tagPattern, assertSigned }: TagRules, remote: Omit<CommandOptions, 'signal'>,
  repository: Repository, outside: Repository,
): Mirror {
  const preparing = oneAtATime()
  const fetching = oneAtATime()
  let swept = false

  const askRemote = (args: readonly string[], signal: AbortSignal): Promise<string> =>
    runGit(args, { ...remote, signal })

  const make = async (signal: AbortSignal): Promise<void> => {
    // Whole or not at all: what a killed `git init` left is not taken for a mirror.
    await rm(directory, { recursive: true, force: true })
    const temporary = `${directory}.${randomUUID()}`
    try {
      await mkdir(temporary)
      await outside.run(['init', '--bare', '--quiet', temporary], signal)
      await rename(temporary, directory)
    } catch (error) {
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined) // what failed is told
      throw error
    }
  }

  const prepare = (signal: AbortSignal): Promise<void> => preparing(signal, async () => {
    // One that cannot be looked at is not made anew.
    if ((await nullIfMissing(stat(join(directory, 'HEAD')))) === null) await make(signal)
    // To look needs none of it, and may be all that a disk lets us do; a lock that stays is told by the fetch that it refuses.
    if (!swept) swept = await sweep(directory).then(() => true, () => false)
  })

  const advertised = async (patterns: readonly string[], signal: AbortSignal): Promise<AdvertisedTag[]> => {
    try {
      return parseAdvertisement(await askRemote(['ls-remote', '--tags', '--', url, ...patterns], signal), tagPattern)
    } catch (error) {
      throw remoteFailure(url, error)
    }
  }

  /** The very same tag object was taken before: then there is nothing to transfer. */
  const isHere = async (ref: string, wanted: AdvertisedTag, signal: AbortSignal): Promise<boolean> => {
    const found = await repository.run(['for-each-ref', '--format=%(objectname)', ref, releaseRef(wanted.commit)], signal)
    return found.split('\n').filter((line) => line !== '').sort().join() === [wanted.object, wanted.commit].sort().join()
  }

  const take = async (wanted: AdvertisedTag, signal: AbortSignal): Promise<string> => {
    const ref = `refs/tags/${wanted.tag}`
    const incoming = `refs/incoming/${wanted.tag}`
    if (await isHere(ref, wanted, signal)) {
      // By our own reading: what was signed is the object, and a remote may say anything of where it leads (fault 38).
      const named = (await repository.run(['rev-parse', '--verify', `${wanted.object}^{commit}`], signal)).trim()
      if (named !== wanted.commit) throw moved(wanted.tag, named, wanted.commit)
      // It may have come when nobody asked, or its signer may be none any more.
      await assertSigned?.(wanted.tag, wanted.object, signal)
      return wanted.commit
    }
    try {
      // The tag goes under a name of its own until it has been looked at.
      await askRemote(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--', url, `+${ref}:${incoming}`], signal)
    } catch (error) {
      // A fetch that was ended at its limit leaves what it has got: at every try as much again. Nobody else writes here meanwhile.
      await sweep(directory).catch(() => undefined) // the next start sweeps again
      throw remoteFailure(url, error)
    }
    try {
      // Its name alone: what else it says may be of any length.
      const [object = '', kind, ...inner] = (await repository.run(['for-each-ref', '--format=%(objectname) %(objecttype) %(tag)', incoming], signal)).trimEnd().split(' ')
      if (kind === 'tag') assertNamed(wanted.tag, inner.join(' '))
      await assertSigned?.(wanted.tag, object, signal)
      const commit = (await repository.ask(['rev-parse', '--verify', '--quiet', `${incoming}^{commit}`], signal))?.trim()
      if (commit === undefined) throw new UpdaterError('unknown_tag', `The tag ${wanted.tag} of ${url} names no commit.`)
      if (object !== wanted.object || commit !== wanted.commit) throw moved(wanted.tag, wanted.commit, commit)
      await repository.run(['update-ref', releaseRef(commit), commit], signal)
      await repository.run(['update-ref', ref, object], signal)
      return commit
    } finally {
      await repository.run(['update-ref', '-d', incoming], signal)
    }
  }

  return {
    prepare,
    listTags: async (signal) => {
      const tags = await advertised([], signal)
      return tags.map(({ tag, commit }) => ({ tag, commit }))
    },
    fetch: async (tag, expected, signal) => {
      assertReleaseTag(tag, tagPattern)
      const wanted = (await advertised([`refs/tags/${tag}`, `refs/tags/${tag}^{}`], signal)).find((entry) => entry.tag === tag)
      if (wanted === undefined) throw new UpdaterError('unknown_tag', `There is no tag ${tag} in ${url}.`)
      // Told before anything is transferred.
      if (expected !== null && wanted.commit !== expected) throw moved(tag, expected, wanted.commit)
      try {
        return await fetching(signal, () => take(wanted, signal))
      } catch (error) {
        throw localFailure(`Taking the tag ${tag} into the mirror`, error)
      }
    },
    has: async (commit, signal) => {
      if (!isCommitId(commit)) return false
      // By its ref: of a tag that was refused the objects are here all the same (fault 39).
      return (await repository.ask(['rev-parse', '--verify', '--quiet', `${releaseRef(commit)}^{commit}`], signal)) !== null
    },
  }
}

/** A tag object carries its own name: another one's, moved to this ref, is not what was signed (fault 39). */
function assertNamed(tag: string, inner: string): void {
  if (inner === tag) return
  throw new UpdaterError('tag_moved', `The tag ${tag} leads to a tag object that calls itself ${JSON.stringify(inner.slice(0, 100))}; it was renamed and is refused.`)
}

function moved(tag: string, expected: string, found: string): UpdaterError {
  return new UpdaterError('tag_moved', `The tag ${tag} was moved: it named ${expected}, now ${found}. It is refused; nothing was changed.`, { details: { expected, found } })
}

/** Removes what a killed git left in our mirror: locks, which would refuse every later fetch, and half packs. */
async function sweep(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /(\.lock|^tmp_\w+)$/.test(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}
