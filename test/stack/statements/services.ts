/** What the seeds' tables want of a service. Memory in MiB. */
export interface Wanted {
  readonly memory: number | null
  readonly cpus: number | null
  /** User that its program runs as; `0:0` where the image's own files are root's. */
  readonly user: string
  /** Directories that are writable although the root is not; null: the root is writable. */
  readonly tmpfs: readonly string[] | null
  readonly health: Health | null
}

/** Seconds, as the older seed's table has them. */
export interface Health {
  readonly interval: number
  readonly timeout: number
  readonly retries: number
  readonly start: number
}

const nonroot = '65532:65532'
const appTmpfs = ['/tmp', '/home/nonroot/.cache']

/** A color has its service's row of the older seed; null: the newer seed names the service without a figure, any limit will do. */
const skills: Wanted = { memory: 512, cpus: 1, user: nonroot, tmpfs: appTmpfs, health: null }
const api: Wanted = { memory: null, cpus: null, user: nonroot, tmpfs: appTmpfs, health: null }
const stores = { interval: 10, timeout: 5, retries: 5, start: 10 }

/** The twelve, by container. */
const wanted = {
  'zetherion-ai-bot': { memory: 2048, cpus: 2, user: nonroot, tmpfs: appTmpfs, health: null },
  'zetherion-ai-skills-blue': skills,
  'zetherion-ai-skills-green': skills,
  'zetherion-ai-api-blue': api,
  'zetherion-ai-api-green': api,
  'zetherion-ai-traefik': { memory: null, cpus: null, user: nonroot, tmpfs: ['/tmp'], health: null },
  'zetherion-ai-updater': { memory: null, cpus: null, user: '15001:15001', tmpfs: ['/tmp'], health: null },
  'zetherion-ai-cloudflared': { memory: null, cpus: null, user: nonroot, tmpfs: ['/tmp'], health: null },
  'zetherion-ai-postgres': { memory: 256, cpus: 1, user: '70:70', tmpfs: ['/tmp', '/var/run/postgresql'], health: stores },
  'zetherion-ai-qdrant': { memory: 2048, cpus: 2, user: '0:0', tmpfs: null, health: stores },
  'zetherion-ai-ollama': { memory: 8192, cpus: 4, user: '0:0', tmpfs: null, health: { interval: 30, timeout: 10, retries: 3, start: 60 } },
  'zetherion-ai-ollama-router': { memory: 3072, cpus: 2, user: '0:0', tmpfs: null, health: { interval: 30, timeout: 10, retries: 3, start: 30 } },
} satisfies Readonly<Record<string, Wanted>>

export const containers = Object.keys(wanted)

/** Each container with what is wanted of it. */
export const each: readonly (readonly [container: string, wanted: Wanted])[] = Object.entries(wanted)
