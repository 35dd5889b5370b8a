import { UpdaterError } from '../rollout/errors.ts'
import type { Routes } from '../rollout/model.ts'
import { colors } from '../rollout/topology.ts'
import type { Group } from '../rollout/topology.ts'
import { previewPrefix } from './naming.ts'

/**
 * Refuses what must not reach the routes file. Traefik runs its content through Go templates, so `{{` anywhere would be
 * executed; names become keys of the file, and host names parts of URLs.
 * @throws invalid_settings naming the field
 */
export function refuseUnsafe(routes: Routes): void {
  refuseUnless(/^[0-9A-Za-z-]{1,64}$/.test(routes.generation), 'generation', routes.generation)
  refuseUnless(Number.isSafeInteger(routes.sequence) && routes.sequence >= 0, 'sequence', routes.sequence)
  const seen = new Set<string>()
  for (const group of routes.topology.groups) {
    refuseUnless(!seen.has(group.name), 'group name (it is there twice)', group.name)
    seen.add(group.name)
    refuseUnsafeGroup(group)
  }
}

const name = /^[a-z0-9][a-z0-9_-]{0,62}$/i
const hostName = /^[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?$/i
const middlewareName = /^[a-z0-9][a-z0-9_.-]{0,62}(@[a-z0-9]+)?$/i

function refuseUnsafeGroup(group: Group): void {
  refuseUnless(name.test(group.name) && !group.name.startsWith(previewPrefix), 'group name', group.name)
  for (const color of colors) refuseUnless(hostName.test(group.services[color]), `${group.name}: service`, group.services[color])
  refuseUnless(Number.isInteger(group.port) && group.port > 0 && group.port < 65_536, `${group.name}: port`, group.port)
  refuseUnless(name.test(group.entryPoint), `${group.name}: entry point`, group.entryPoint)
  for (const middleware of group.router.middlewares ?? []) {
    refuseUnless(middlewareName.test(middleware), `${group.name}: middleware`, middleware)
  }
  const { rule, priority, tls } = group.router
  refuseUnless(rule === undefined || (rule.trim() !== '' && isPlain(rule)), `${group.name}: rule`, rule)
  refuseUnless(priority === undefined || Number.isSafeInteger(priority), `${group.name}: priority`, priority)
  refuseUnless(tls === undefined || isPlain(JSON.stringify(tls)), `${group.name}: tls`, tls)
}

/** No template, no control characters. */
function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return !text.includes('{{') && !/[\u0000-\u001f\u007f]/.test(text)
}

function refuseUnless(good: boolean, field: string, value: unknown): void {
  if (!good) throw new UpdaterError('invalid_settings', `The routes file cannot carry this ${field}: ${JSON.stringify(value)}; correct the topology.`)
}
