import { UpdaterError } from '../rollout/errors.ts'
import type { TagRef } from '../rollout/model.ts'

/** Strict semver with an optional `v` (semver.org's own expression). */
export const defaultTagPattern =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/

const longest = 64

/**
 * Whether this name may be handed to a command: it matches the operator's pattern and, whatever that pattern lets
 * through, has nothing that git, a shell or a file system reads as more than a name (fault 40).
 */
export function isReleaseTag(name: string, pattern: RegExp): boolean {
  if (name.length > longest || !/^[0-9A-Za-z][0-9A-Za-z._+/-]*$/.test(name)) return false
  if (/\.\.|\/\/|\/\.|[./]$|\.lock(\/|$)/.test(name)) return false
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(name)
}

/** @throws invalid_request */
export function assertReleaseTag(name: string, pattern: RegExp): void {
  if (isReleaseTag(name, pattern)) return
  const shown = JSON.stringify(name.length > longest ? `${name.slice(0, longest)}…` : name)
  throw new UpdaterError('invalid_request', `tag: ${shown} is no release tag; expected a version such as v1.2.3 of at most ${longest} characters.`)
}

/** A tag as a remote advertises it: the object that the ref names, and the commit it peels to. */
export interface AdvertisedTag extends TagRef {
  readonly object: string
}

/** Reads the answer of `git ls-remote --tags`. Lines that are no tag of the pattern are left out. */
export function parseAdvertisement(text: string, pattern: RegExp): AdvertisedTag[] {
  const objects = new Map<string, string>()
  const peeled = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{40})\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line)
    if (match?.[1] === undefined || match[2] === undefined) continue
    ;(match[3] === undefined ? objects : peeled).set(match[2], match[1])
  }
  return [...objects]
    .filter(([tag]) => isReleaseTag(tag, pattern))
    .map(([tag, object]) => ({ tag, object, commit: peeled.get(tag) ?? object }))
}
