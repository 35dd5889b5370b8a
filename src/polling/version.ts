import parse from 'semver/functions/parse.js'
import type { ReadVersion } from '../rollout/release-policy.ts'

/** Strict semver with an optional leading `v`; null for anything else. */
export const readVersion: ReadVersion = (tag) => {
  const version = parse(tag, { loose: false })
  if (version === null) return null
  return { major: version.major, minor: version.minor, patch: version.patch, prerelease: version.prerelease.length > 0 }
}
