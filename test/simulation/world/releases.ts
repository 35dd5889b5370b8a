import type { Release } from '../../../src/rollout/model.ts'

/** How a release behaves. What is not said of it works. */
export type ReleaseKind =
  | 'good'
  /** The groups' services run and answer 503. */
  | 'never healthy'
  /** The groups' services exit at once and are restarted, again and again. */
  | 'exits'
  /** Healthy when asked directly; Traefik cannot reach it. */
  | 'broken through Traefik'
  /** As before, but only on the public entry points: the preview is healthy. */
  | 'broken when routed'
  /** The singletons exit a moment after their start, again and again. */
  | 'bot dies'
  /** The singletons run and never become healthy. */
  | 'bot never healthy'
  | 'does not build'
  /** Its build never ends by itself. */
  | 'build hangs'
  | 'preflight refuses'
  /** Its containers end only when they are killed. */
  | 'ignores SIGTERM'

/** Commit of a made release: 40 hex digits made of its tag. */
export function commitOf(tag: string): string {
  return Buffer.from(tag).toString('hex').padEnd(40, '0').slice(0, 40)
}

export function releaseOf(tag: string): Release {
  return { tag, version: tag.replace(/^v/, ''), commit: commitOf(tag) }
}
