import type { TagRef } from '../rollout/model.ts'
import type { Clock } from '../rollout/ports.ts'
import { backoff } from './backoff.ts'

/**
 * When a release is tried again whose rollout failed and was held against nothing: its tag is not signed, the remote ended in the
 * middle (faults 38, 39). After longer and longer, or each look would begin one, and the history hold nothing else in the end.
 * An operator's apply does not wait, and neither does another commit or name.
 */
export interface Retries {
  /** Why this release is not tried now; null when it may be. */
  objection(release: TagRef): string | null
  /** @param why in a sentence */
  failed(release: TagRef, why: string): void
}

export function createRetries(clock: Clock): Retries {
  let last: { readonly release: TagRef; readonly why: string; readonly failures: number; readonly notBefore: number } | null = null

  const lastOf = ({ tag, commit }: TagRef): typeof last => (last?.release.tag === tag && last.release.commit === commit ? last : null)

  return {
    objection(release) {
      const before = lastOf(release)
      const left = before === null ? 0 : before.notBefore - clock.monotonic()
      return before === null || left <= 0 ? null : `it failed (${before.failures} in a row) and is tried again in ${Math.ceil(left / 60_000)} min: ${before.why}`
    },
    failed(release, why) {
      const failures = (lastOf(release)?.failures ?? 0) + 1
      last = { release, why, failures, notBefore: clock.monotonic() + backoff(failures) }
    },
  }
}
