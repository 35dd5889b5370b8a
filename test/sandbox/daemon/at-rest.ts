import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { request } from 'undici'
import { parse } from 'yaml'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import { runtimeBelow } from '../../../demo/stack/sandbox-containers.ts'
import type { Stack } from '../../../demo/stack/stack.ts'
import type { Container } from '../../../src/rollout/model.ts'
import { at } from './waiting.ts'

const groups = ['skills', 'api']
const services = ['skills-blue', 'skills-green', 'api-blue', 'api-green', 'bot'].map((name) => `zetherion-ai-${name}`)

/**
 * What is not as it must be once everything has come to rest: one color served and healthy, one bot, nothing left over,
 * the truth in the record. Looks at processes, files and traffic itself; the daemon's word counts only where it is what is checked.
 */
export async function unsettled(stack: Stack, record: unknown): Promise<string[]> {
  const wrong: string[] = []
  const expect = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what)
  }
  const status = (await stack.updater.get('/status')).body
  expect(status['state'] === 'idle' && status['operation'] === null, `the status says ${String(status['state'])}: ${String(status['current_operation'])}`)
  expect(status['observing'] === null, `the updater only observes: ${String(status['observing'])}`)
  expect(JSON.stringify(status['findings']) === '[]', `the updater finds: ${JSON.stringify(status['findings'])}`)

  const color = String(at(record, 'active_color'))
  const version = String(at(record, 'record', 'active', 'version'))
  const commit = String(at(record, 'record', 'active', 'commit'))
  expect(at(record, 'record', 'operation') === null, 'the record has an open operation')
  expect(status['active_color'] === color && at(status['active'], 'sha') === commit, 'status and record differ about what serves')
  expect(status['paused'] === at(record, 'paused') && status['pause_reason'] === at(record, 'pause_reason'), 'status and record differ about the pause')

  const routes: unknown = parse(await stack.routes())
  for (const group of groups) {
    const routed = at(routes, 'http', 'routers', group, 'service')
    expect(routed === `${group}-${color}`, `the routes file leads ${group} to ${String(routed)}, the record says ${color}`)
  }
  for (const target of stack.loadTargets) {
    const answer = await request(target.url, { headers: target.headers() })
    const release = releaseOf(await answer.body.json())
    expect(release === `v${version}`, `${target.name} is answered by ${release}, the record says v${version}`)
  }
  wrong.push(...wrongContainers(await containersOf(stack), color, commit), ...(await leftovers(stack)))
  const gateway = await stack.gateway()
  expect(gateway.open === 1, `the gateway has ${gateway.open} bots`)
  return wrong
}

/** Every container of a managed service, as an operator sees them. */
export function containersOf(stack: Stack): Promise<Container[]> {
  return runtimeBelow(stack.project.root, {}).containers(services, AbortSignal.timeout(10_000))
}

function wrongContainers(containers: readonly Container[], color: string, commit: string): string[] {
  return services.flatMap((service) => {
    const found = containers.filter((container) => container.service === service)
    const running = found.filter(({ state }) => state === 'running')
    const other = groups.some((group) => service.includes(`-${group}-`)) && !service.endsWith(`-${color}`)
    if (other) return running.map(() => `${service} runs beside the active color`)
    if (found.length !== 1 || running[0] === undefined) return [`${service} has ${found.length} containers, ${running.length} of them running`]
    const [one] = running
    return one.health === 'healthy' && one.commit === commit ? [] : [`${service} is ${one.health} and runs ${String(one.commit)}, the record says ${commit}`]
  })
}

/** Staged routes and half-written files that nobody took away. */
async function leftovers(stack: Stack): Promise<string[]> {
  const { state } = stack.project
  const staged = await readdir(join(state, 'traefik/.staging'))
  const beside = await readdir(dirname(join(state, 'updater-state.json')))
  return [...staged, ...beside.filter((name) => name.includes('.tmp'))].map((name) => `${name} was left over`)
}
