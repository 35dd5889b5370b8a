import { stringify } from 'yaml'
import type { Routes } from '../rollout/model.ts'
import { internalEntryPoint, previewPath, stampHeader } from '../rollout/stamp.ts'
import { colors } from '../rollout/topology.ts'
import type { Color, Group } from '../rollout/topology.ts'
import { previewPrefix, serviceName, stampMiddleware } from './naming.ts'
import { refuseUnsafe } from './safe-input.ts'
import type { TransportLimits } from './transport-limits.ts'

/** Shared by all services and the same in every version: a change would throw away Traefik's open connections. */
const transport = 'updater'

/**
 * The routes file of one version; the same input gives the same bytes. Without groups it carries the stamp's
 * middleware alone, since Traefik keeps the old configuration on an empty section, and the color is in the comment only.
 * @throws invalid_settings for a topology that cannot be written safely
 */
export function renderRoutes(routes: Routes, limits: TransportLimits): string {
  refuseUnsafe(routes)
  const { groups } = routes.topology
  const http = {
    ...(groups.length > 0 && { routers: routersOf(groups, routes.active) }),
    middlewares: middlewaresOf(groups, routes.generation),
    ...(groups.length > 0 && { services: servicesOf(groups), serversTransports: { [transport]: transportOf(limits) } }),
  }
  return `${commentOf(routes)}${stringify({ http }, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

/** Read back by `readRoutes`: the sequence number always, the color where no router tells it. */
function commentOf(routes: Routes): string {
  return [
    '# Written by zetherion-updater; what is changed here by hand is written again.',
    `# active: ${routes.active}`,
    `# sequence: ${routes.sequence}`,
    '',
  ].join('\n')
}

function routersOf(groups: readonly Group[], active: Color): Record<string, unknown> {
  const serving = groups.map((group) => [group.name, routerOf(group, active)] as const)
  const previews = groups.flatMap((group) => colors.map((color) => previewRouterOf(group, color)))
  return Object.fromEntries([...serving, ...previews])
}

function routerOf(group: Group, active: Color): Record<string, unknown> {
  const { rule, priority, middlewares = [], tls } = group.router
  return {
    entryPoints: [group.entryPoint],
    rule: rule ?? 'PathPrefix(`/`)',
    ...(priority !== undefined && { priority }),
    middlewares: [stampMiddleware, ...middlewares],
    service: serviceName(group.name, active),
    ...(tls !== undefined && { tls }),
  }
}

/** On the internal entry point only; it makes Traefik prove that it reaches a color before any user does. */
function previewRouterOf(group: Group, color: Color): readonly [string, unknown] {
  const service = serviceName(group.name, color)
  const name = `${previewPrefix}${service}`
  const rule = `PathPrefix(\`${previewPath(group.name, color)}\`)`
  return [name, { entryPoints: [internalEntryPoint], rule, middlewares: [stampMiddleware, name], service }]
}

function middlewaresOf(groups: readonly Group[], generation: string): Record<string, unknown> {
  const strips = groups.flatMap((group) =>
    colors.map((color) => [
      `${previewPrefix}${serviceName(group.name, color)}`,
      { stripPrefix: { prefixes: [previewPath(group.name, color)] } },
    ] as const))
  return {
    [stampMiddleware]: { headers: { customResponseHeaders: { [stampHeader]: generation } } },
    ...Object.fromEntries(strips),
  }
}

function servicesOf(groups: readonly Group[]): Record<string, unknown> {
  return Object.fromEntries(groups.flatMap((group) =>
    colors.map((color) => [
      serviceName(group.name, color),
      { loadBalancer: { servers: [{ url: `http://${group.services[color]}:${group.port}` }], serversTransport: transport } },
    ] as const)))
}

function transportOf(limits: TransportLimits): Record<string, unknown> {
  return {
    maxIdleConnsPerHost: limits.maxIdleConnsPerHost,
    forwardingTimeouts: { dialTimeout: `${limits.dialTimeout}ms`, idleConnTimeout: `${limits.idleConnTimeout}ms` },
  }
}
