import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { inner } from './json.ts'

/** A living process of one of the sandbox's services. */
export interface SeenProcess {
  readonly pid: number
  readonly service: string
}

/** What of a sandbox lives and what is set down to live, as the kernel and the sandbox's files have it. */
export interface SeenSandbox {
  readonly processes: readonly SeenProcess[]
  /** Containers of the bot that exist, in whatever state. */
  readonly botContainers: number
}

const bot = 'zetherion-ai-bot'

/** Looks at all processes of this machine; those whose working directory lies in the sandbox's images are its services. */
export function lookAtSandbox(directory: string): SeenSandbox {
  const images = join(directory, 'images/')
  const services = servicesOf(directory)
  const processes = readdirSync('/proc').flatMap((name): SeenProcess[] => {
    if (!/^\d+$/.test(name)) return []
    const command = read(`/proc/${name}/cmdline`)?.split('\0') ?? []
    if (!/^src\/(bot|skills|api)\.js$/.test(command[1] ?? '') || cwdOf(name)?.startsWith(images) !== true || isDead(name)) return []
    const id = /(?:^|\0)ZETHERION_SANDBOX_NONCE=([0-9a-f]+)/.exec(read(`/proc/${name}/environ`) ?? '')?.[1] ?? ''
    // A bot whose container is gone is a bot all the same.
    return [{ pid: Number(name), service: command[1] === 'src/bot.js' ? bot : (services.get(id) ?? `${command[1]} without a container`) }]
  })
  return { processes, botContainers: [...services.values()].filter((service) => service === bot).length }
}

/** Id of the container of a service; undefined when there is none. */
export function containerOf(directory: string, service: string): string | undefined {
  return [...servicesOf(directory)].find(([, name]) => name === service)?.[0]
}

function servicesOf(directory: string): Map<string, string> {
  const services = new Map<string, string>()
  for (const id of readdirSync(join(directory, 'containers'))) {
    if (!/^[0-9a-f]{64}$/.test(id)) continue
    // Gone between the two looks, or not described yet: then it is none.
    const text = read(join(directory, 'containers', id, 'container.json'))
    const service = text === null ? undefined : inner(JSON.parse(text), 'service')
    if (typeof service === 'string') services.set(id, service)
  }
  return services
}

/** A zombie is dead; only nobody has asked for its exit code. */
function isDead(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return stat === null || /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
}

function cwdOf(pid: string): string | null {
  return unlessGone(() => readlinkSync(`/proc/${pid}/cwd`))
}

function read(path: string): string | null {
  return unlessGone(() => readFileSync(path, 'utf8'))
}

function unlessGone(look: () => string): string | null {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES', 'ENOTDIR'].includes(String(error.code))) return null
    throw error
  }
}
