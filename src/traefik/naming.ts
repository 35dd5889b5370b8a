import type { Color } from '../rollout/topology.ts'

/** Middleware that stamps every answer; first on every router. */
export const stampMiddleware = 'updater-generation'

/** Prefix of the preview routers, by which a reader tells them from the ones that serve users. */
export const previewPrefix = 'preview-'

/** Traefik's name for one color of a group, as the predecessor wrote it: `skills-blue`. */
export function serviceName(group: string, color: Color): string {
  return `${group}-${color}`
}
