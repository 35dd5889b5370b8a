import type { Color } from './topology.ts'

/** Response header by which Traefik tells the generation of the routes that led to an answer (fault 31). */
export const stampHeader = 'X-Updater-Generation'

/** Traefik entry point that carries previews and ping; never published. */
export const internalEntryPoint = 'internal'

/** Path under which the internal entry point serves one color of a group, routed or not; stripped before the service. */
export function previewPath(group: string, color: Color): string {
  return `/preview/${group}/${color}`
}
