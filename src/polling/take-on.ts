import type { TagRef, UpdateResult } from '../rollout/model.ts'
import type { Log } from '../rollout/ports.ts'
import { asSentence, firstLine, sentenceOf } from '../rollout/errors.ts'
import type { Choice } from '../rollout/release-policy.ts'
import type { UpdaterService } from '../updater/service.ts'
import type { Retries } from './retries.ts'

interface Parts {
  readonly updater: Pick<UpdaterService, 'status' | 'apply'>
  readonly requireApproval: boolean
  readonly retries: Retries
  readonly log: Log
}

/** What was done about a release. */
export interface Taken {
  readonly sentence: string
  /** How the rollout ended, in one sentence; null when none was begun. Never rejects. */
  readonly ended: Promise<string> | null
}

/** Starts the rollout of a chosen release, unless something speaks against it. */
export async function takeOn(choice: Choice, parts: Parts): Promise<Taken> {
  if (choice.kind === 'nothing_newer') return only('No release above what runs.')
  const { newest } = choice
  if (choice.kind === 'quarantined') return only(`${newest.tag} is quarantined (${choice.quarantine.reason}); waiting for a newer release.`)
  const obstacle = obstacleTo(parts) ?? parts.retries.objection(newest)
  if (obstacle !== null) return only(asSentence(`${newest.tag} was found, but ${obstacle}`))
  try {
    const { outcome } = await parts.updater.apply({ tag: newest.tag, version: newest.tag.replace(/^v/, ''), origin: 'polling' })
    return { sentence: `${newest.tag} was found; its rollout has begun.`, ended: endOf(newest, outcome, parts) }
  } catch (error) {
    return only(`${newest.tag} was found, but its rollout could not begin: ${sentenceOf(error)}`)
  }
}

function only(sentence: string): Taken {
  return { sentence, ended: null }
}

function obstacleTo({ updater, requireApproval }: Parts): string | null {
  const status = updater.status()
  if (status.observing !== null) return `the updater only observes: ${status.observing}`
  if (status.paused) return `rollouts are paused: ${status.pauseReason ?? 'no reason given'}`
  if (status.state !== 'idle') return `an operation is in progress: ${status.currentOperation ?? status.state}`
  if (requireApproval) return 'it waits for an operator, since UPDATE_REQUIRE_APPROVAL is set'
  return null
}

async function endOf(release: TagRef, outcome: Promise<UpdateResult>, { retries, log }: Parts): Promise<string> {
  try {
    const { status, error, paused } = await outcome
    // Where it paused, whoever unpauses wants it tried.
    if (error !== null && !paused) retries.failed(release, firstLine(error))
    return error === null ? `${release.tag}: ${status}.` : `${release.tag}: ${status}: ${error}`
  } catch (error) {
    log.warn(`The rollout of ${release.tag} was not attempted`, { error: sentenceOf(error) })
    return `${release.tag} was not attempted: ${sentenceOf(error)}`
  }
}
