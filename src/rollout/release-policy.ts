import type { Quarantine, TagRef } from './model.ts'

/** A version as strict semver has it (semver.org 2.0.0, a leading `v` allowed). */
export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly prerelease: boolean
}

/** Reads a tag as a version; null when it is none. Injected, because the core imports nothing but itself. */
export type ReadVersion = (tag: string) => Version | null

/** What is known of the running release. */
export interface Running {
  readonly tag: string | null
  readonly commit: string | null
  readonly lastGoodTag: string | null
}

/** What polling makes of the remote's tags. `newest` is the highest release above what runs. */
export type Choice =
  | { readonly kind: 'nothing_newer'; readonly newest: null }
  | { readonly kind: 'quarantined'; readonly newest: TagRef; readonly quarantine: Quarantine }
  | { readonly kind: 'release'; readonly newest: TagRef }

/**
 * The highest release above what runs. Pre-releases never count. If that one is quarantined nothing is chosen, also
 * none in between: polling waits for a newer one (design.md, "Causes, holds, quarantine").
 *
 * A running tag that is no version (an adopted stack) is known by its commit among the tags, else by the last good
 * tag; if neither tells, every release counts as newer.
 */
export function chooseRelease(tags: readonly TagRef[], running: Running, quarantine: readonly Quarantine[], readVersion: ReadVersion): Choice {
  const releases = tags.flatMap((ref) => releaseOf(ref, readVersion)).sort(highestFirst)
  const highest = releases[0]
  const floor = runningVersion(running, releases, readVersion)
  if (highest === undefined || highest.ref.commit === running.commit || (floor !== null && compareVersions(highest.version, floor) <= 0)) {
    return { kind: 'nothing_newer', newest: null }
  }
  const held = quarantine.find((entry) => entry.commit === highest.ref.commit)
  return held === undefined ? { kind: 'release', newest: highest.ref } : { kind: 'quarantined', newest: highest.ref, quarantine: held }
}

interface Candidate {
  readonly ref: TagRef
  readonly version: Version
}

function releaseOf(ref: TagRef, readVersion: ReadVersion): Candidate[] {
  const version = readVersion(ref.tag)
  return version === null || version.prerelease ? [] : [{ ref, version }]
}

/** `v1.2.3` and `1.2.3` are the same version: the order of their names decides, so that every look chooses alike. */
function highestFirst(left: Candidate, right: Candidate): number {
  const order = compareVersions(right.version, left.version)
  if (order !== 0) return order
  return left.ref.tag < right.ref.tag ? 1 : -1
}

/** The version that a release must exceed; null when nothing tells what runs. */
function runningVersion(running: Running, releases: readonly Candidate[], readVersion: ReadVersion): Version | null {
  const byTag = running.tag === null ? null : readVersion(running.tag)
  if (byTag !== null) return byTag
  const byCommit = releases.find((candidate) => candidate.ref.commit === running.commit)
  if (byCommit !== undefined) return byCommit.version
  return running.lastGoodTag === null ? null : readVersion(running.lastGoodTag)
}

/**
 * Precedence by semver.org, section 11. Of two with the same numbers a pre-release is the lower one; two pre-releases
 * of the same numbers are not told apart, since polling takes neither.
 */
function compareVersions(left: Version, right: Version): number {
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    Number(right.prerelease) - Number(left.prerelease)
  )
}
