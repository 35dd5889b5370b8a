import { resolve } from 'node:path'
import { defaultTagPattern } from '../git/tag.ts'
import type { ReadConfig } from './config-file.ts'
import type { ConfigFile } from './config-schema.ts'
import type { EnvironmentReader } from './environment.ts'
import { readSchedule } from './interval.ts'
import { readRemote } from './remote.ts'
import type { GitSettings, PollingSettings, Problem } from './settings.ts'

/** Where releases come from; a tag pattern that is none is added to `found`. */
export function readGit(content: ConfigFile, env: EnvironmentReader, projectDirectory: string, file: Pick<ReadConfig, 'problemAt'>, found: Problem[]): GitSettings {
  const { tagPattern = defaultTagPattern.source, allowedSigners = null } = content.git ?? {}
  const repository = env.text('AUTO_UPDATE_REPO')
  const remote = repository === null ? null : readRemote(repository)
  if (remote !== null && 'problem' in remote) env.refuse('AUTO_UPDATE_REPO', remote.problem)
  return {
    remote: remote !== null && 'url' in remote ? remote.url : null,
    token: env.hidden('GITHUB_TOKEN'),
    tagPattern: readTagPattern(tagPattern, file, found),
    allowedSigners: allowedSigners === null ? null : resolve(projectDirectory, allowedSigners),
  }
}

/** How the remote is watched. */
export function readPolling(env: EnvironmentReader): PollingSettings {
  const schedule = readSchedule(env.text('AUTO_UPDATE_CHECK_INTERVAL_MINUTES') ?? '15')
  if (typeof schedule === 'string') env.refuse('AUTO_UPDATE_CHECK_INTERVAL_MINUTES', schedule)
  const enabled = env.flag('AUTO_UPDATE_ENABLED', false)
  if (enabled && env.text('AUTO_UPDATE_REPO') === null) env.refuse('AUTO_UPDATE_REPO', 'must be set when AUTO_UPDATE_ENABLED is true')
  return {
    enabled,
    schedule: typeof schedule === 'string' ? { kind: 'every', milliseconds: 15 * 60_000 } : schedule,
    requireApproval: env.flag('UPDATE_REQUIRE_APPROVAL', false),
  }
}

/** Anchored, so that a pattern cannot match a part of a hostile name by oversight (fault 40). */
function readTagPattern(source: string, { problemAt }: Pick<ReadConfig, 'problemAt'>, found: Problem[]): RegExp {
  try {
    return new RegExp(`^(?:${source})$`)
  } catch (error) {
    found.push(problemAt(['git', 'tagPattern'], `must be a regular expression: ${error instanceof Error ? error.message : String(error)}`))
    return defaultTagPattern
  }
}
