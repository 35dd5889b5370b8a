import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import type { DockerStack } from '../../../demo/stack/docker-stack.ts'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import { readSeenRoutes } from '../../kill/observer/routes-file.ts'
import { at } from '../../sandbox/daemon/waiting.ts'
import { seenContainers } from './engine-look.ts'
import { seenRecord } from './record-look.ts'

const prefix = 'zetherion-ai-'

/**
 * What keeps the stack from being at rest, in sentences: record, routes file, containers, answers and status, each read in
 * its own way from outside, have to tell the same story. Empty when they do.
 */
export async function unrest(stack: DockerStack, socketPath: string): Promise<string[]> {
  const record = await seenRecord(stack.project.state)
  if (record.operation !== null) return [`${record.operation.targetTag} is open: ${record.operation.phase}, ${record.operation.step ?? 'opened'}`]
  const color = record.activeColor
  const wrong: string[] = []

  const containers = await seenContainers(socketPath)
  const running = containers.filter(({ state }) => state === 'running').map(({ service }) => service.replace(prefix, '')).sort()
  const wanted = [`api-${color}`, 'bot', `skills-${color}`, 'traefik']
  if (running.join() !== wanted.join()) wrong.push(`${running.join(', ')} run instead of ${wanted.join(', ')}`)
  for (const { service, commit } of containers.filter(({ service, state }) => state === 'running' && service !== `${prefix}traefik`)) {
    if (commit !== record.activeCommit) wrong.push(`${service} is of ${commit || 'no commit'} instead of ${record.activeCommit}`)
  }
  const bots = containers.filter(({ service }) => service === `${prefix}bot`)
  if (bots.length !== 1) wrong.push(`there are ${bots.length} containers of the bot`)

  const routes = readSeenRoutes(await stack.routes())
  if (routes.color !== color) wrong.push(`the routes file leads to ${routes.color} instead of ${color}`)
  if (record.generation !== null && routes.generation !== record.generation) wrong.push('the routes file is of another generation than the record')
  for (const target of stack.loadTargets) {
    const answer = await request(target.url, { headers: target.headers(), headersTimeout: 2_000, bodyTimeout: 2_000 }).then(
      async ({ statusCode, body }) => ({ statusCode, release: releaseOf(await body.json().catch(() => null)) }),
      (error: unknown) => ({ statusCode: 0, release: String(error) }),
    )
    if (answer.statusCode !== 200 || answer.release !== record.activeTag) wrong.push(`${target.name} answers ${answer.statusCode} ${answer.release} instead of ${record.activeTag}`)
  }

  const { body: status } = await stack.updater.get('/status').catch((error: unknown) => ({ body: { state: String(error) } }))
  if (at(status, 'state') !== 'idle' || at(status, 'operation') !== null) wrong.push(`the status says ${JSON.stringify(at(status, 'state'))}`)
  if (at(status, 'active_color') !== color) wrong.push(`the status says that ${String(at(status, 'active_color'))} is active instead of ${color}`)
  if (at(status, 'paused') !== record.holds.length > 0) wrong.push('the status does not tell the hold of the record, or another one')
  const { open } = await stack.gateway()
  if (open !== 1) wrong.push(`the gateway has ${open} bots`)
  const staged = await readdir(join(stack.project.state, 'traefik/.staging')).catch(() => [])
  // While recovery holds rollouts nothing is removed: somebody is asked to look first.
  const heldByRecovery = record.holds.some((hold) => / recovery: /.test(hold))
  if (staged.length > 0 && !heldByRecovery) wrong.push(`${staged.join(', ')} is left of the routes`)
  return wrong
}
