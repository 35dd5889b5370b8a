/** An image's name as a compose file pins it. */
export interface Reference {
  /** With its registry, without tag: `zetherion-ai-skills`. */
  readonly repository: string
  /** The moving tag: `blue`, `green`, `current`. */
  readonly tag: string
}

/** Null for what is no image name with a tag that we could move: a digest, an id, or no name at all. */
export function parseReference(image: string): Reference | null {
  const [, repository, tag] = (image.length <= longestName && referencePattern.exec(image)) || []
  return repository === undefined ? null : { repository, tag: tag ?? 'latest' }
}

/** Tag of a release's images: the first 12 characters of its commit (design.md, "Images"). */
export function releaseTag(commit: string): string {
  return commit.slice(0, 12)
}

/** Whether a tag has the form of a release's. */
export function isReleaseTag(tag: string): boolean {
  return /^([0-9a-f]{12}|adopted-[0-9a-f]{4})$/.test(tag)
}

/** Tag that keeps an image while an operation is open. */
export function keepTag(operation: string): string {
  return `keep-${operation}`
}

/** Operation for whose sake a tag is there; null for every other tag, such as an operator's `keep-good`. */
export function operationOf(tag: string): string | null {
  return /^keep-([0-9a-f]{16})$/.exec(tag)?.[1] ?? null
}

/** Whether this commit names what was found running, not a commit of the repository. */
export function isAdopted(commit: string): boolean {
  return commit.startsWith('adopted-')
}

const longestName = 400
const referencePattern =
  /^((?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/
