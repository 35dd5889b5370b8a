import type { TagRef } from '../rollout/model.ts'
import type { Log } from '../rollout/ports.ts'
import { sentenceOf } from '../rollout/errors.ts'
import type { Choice } from '../rollout/release-policy.ts'
import type { UpdaterService } from '../updater/service.ts'

interface Parts {
  readonly updater: Pick<UpdaterService, 'status' | 'apply'>
  readonly requireApproval: boolean
  readonly log: Log
}

/**
 * Starts the rollout of a chosen release, unless something speaks against it, and tells in one sentence what was done.
 * @param tell takes the sentence of the outcome, once it is there
 */
export async function takeOn(choice: Choice, parts: Parts, tell: (outcome: string) => void): Promise<string> {
  if (choice.kind === 'nothing_newer') return 'No release above what runs.'
  const { newest } = choice
  if (choice.kind === 'quarantined') return `${newest.tag} is quarantined (${choice.quarantine.reason}); waiting for a newer release.`
  const obstacle = obstacleTo(parts)
  if (obstacle !== null) return `${newest.tag} was found, but ${obstacle}.`
  try {
    const { outcome } = await parts.updater.apply({ tag: newest.tag, version: newest.tag.replace(/^v/, ''), origin: 'polling' })
    follow(newest, outcome, parts.log, tell)
    return `${newest.tag} was found; its rollout has begun.`
  } catch (error) {
    return `${newest.tag} was found, but its rollout could not begin: ${sentenceOf(error)}`
  }
}

function obstacleTo({ updater, requireApproval }: Parts): string | null {
  const status = updater.status()
  if (status.observing !== null) return `the updater only observes: ${status.observing}`
  if (status.paused) return `rollouts are paused: ${status.pauseReason ?? 'no reason given'}`
  if (status.state !== 'idle') return `an operation is in progress: ${status.currentOperation ?? status.state}`
  if (requireApproval) return 'it waits for an operator, since UPDATE_REQUIRE_APPROVAL is set'
  return null
}

/** The look does not wait for a rollout; its end becomes the outcome of the look. */
function follow(release: TagRef, outcome: Promise<{ readonly status: string; readonly error: string | null }>, log: Log, tell: (outcome: string) => void): void {
  outcome.then(
    (result) => tell(`${release.tag}: ${result.status}${result.error === null ? '' : `: ${result.error}`}`),
    (error: unknown) => {
      log.warn(`The rollout of ${release.tag} was not attempted`, { error: sentenceOf(error) })
      tell(`${release.tag} was not attempted: ${sentenceOf(error)}`)
    },
  )
}
