import type { Container, ProbeAnswer } from '../rollout/model.ts'
import type { HealthProbe } from '../rollout/ports.ts'
import { previewPath } from '../rollout/stamp.ts'
import { colors } from '../rollout/topology.ts'
import type { Color, Group } from '../rollout/topology.ts'
import { askOnce } from './ask-once.ts'

export interface HealthProbeOptions {
  /** Base URL of each public entry point as this process reaches it: `{ skills: 'http://zetherion-ai-traefik:8080' }`. */
  readonly entryPoints: Readonly<Record<string, string>>
  /** Base URL of the internal entry point; null when Traefik has none. */
  readonly preview: string | null
  /** `HEALTH_URLS`: each replaces the direct URL of the service that is its host name. */
  readonly healthUrls: readonly string[]
  /** Limit of one probe, the body included, ms. */
  readonly limit: number
}

/** Asks over HTTP; every question is one of its own. */
export function createHealthProbe(options: HealthProbeOptions): HealthProbe {
  const overrides = new Map(options.healthUrls.map((url) => [new URL(url).hostname, url]))
  const ask = (url: string, host: string | null, signal: AbortSignal) => askOnce({ url, host, limit: options.limit, signal })

  return {
    direct: async (container, group, signal) => {
      const url = directUrl(container, group)
      return url === null ? noAnswer(signal, 'the container does not run') : ask(url, null, signal)
    },
    preview: async (group, color, signal) => {
      if (options.preview === null) return null
      return ask(joinUrl(options.preview, `${previewPath(group.name, color)}${group.healthPath}`), null, signal)
    },
    routed: async (group, signal) => {
      const base = options.entryPoints[group.entryPoint]
      if (base === undefined) return noAnswer(signal, `no address is set for entry point ${group.entryPoint}`)
      return ask(joinUrl(base, group.healthPath), hostOfRule(group.router.rule), signal)
    },
  }

  function directUrl(container: Container, group: Group): string | null {
    const override = colorOf(container, group) === null ? undefined : overrides.get(container.service)
    if (override !== undefined) return override
    if (container.address === null) return null
    const host = container.address.includes(':') ? `[${container.address}]` : container.address
    return `http://${host}:${container.ports[group.port] ?? group.port}${group.healthPath}`
  }
}

function colorOf(container: Container, group: Group): Color | null {
  return colors.find((color) => group.services[color] === container.service) ?? null
}

function joinUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`
}

/** A router that wants a host name is asked with the first one of its rule. */
function hostOfRule(rule: string | undefined): string | null {
  return /\bHost\(\s*`([^`]+)`/.exec(rule ?? '')?.[1] ?? null
}

function noAnswer(signal: AbortSignal, detail: string): ProbeAnswer {
  signal.throwIfAborted()
  return { healthy: false, status: null, stamp: null, detail }
}
