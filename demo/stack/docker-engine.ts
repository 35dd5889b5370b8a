import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A Docker engine to run a stack on: the user's own, or a private one of test/engine/engine.ts. */
export interface DockerEngine {
  /** Complete environment of a client of this engine: DOCKER_HOST, PATH, HOME, and DOCKER_CONFIG where Compose is a plugin of ours. */
  readonly env: Readonly<Record<string, string>>
  /** Image of Traefik where it is not the one that the compose file names. */
  readonly traefikImage?: string
}

/** Runs the engine's command-line client. Answers with its output. @throws Error with its last words */
export type DockerCommand = (args: readonly string[], options?: { readonly cwd?: string }) => Promise<string>

/** A first `up --build` on a machine of one's own pulls base images, ms. */
const commandLimit = 10 * 60_000
const outputLimit = 16 * 1024 ** 2

const run = promisify(execFile)

/** The Docker that this user's own `docker` command speaks to, as far as its environment tells. */
export function usersEngine(env: Readonly<Record<string, string | undefined>>): DockerEngine {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = '/', DOCKER_HOST = 'unix:///var/run/docker.sock', DOCKER_CONFIG } = env
  return { env: { PATH, HOME, DOCKER_HOST, ...(DOCKER_CONFIG !== undefined && { DOCKER_CONFIG }) } }
}

export function dockerCommand(engine: DockerEngine): DockerCommand {
  return async (args, { cwd } = {}) => {
    const { stdout } = await run('docker', args, { env: engine.env, timeout: commandLimit, maxBuffer: outputLimit, ...(cwd !== undefined && { cwd }) })
    return stdout.trim()
  }
}

/**
 * Where containers reach this host: the address of the engine's own bridge, on which a process of this host listens.
 * @throws Error where the engine runs elsewhere, such as in the virtual machine of a desktop installation
 */
export async function hostAddressOf(docker: DockerCommand): Promise<string> {
  const address = await docker(['network', 'inspect', 'bridge', '--format', '{{range .IPAM.Config}}{{.Gateway}} {{end}}'])
  const [first = ''] = address.split(' ')
  if (first === '') throw new Error('the engine has no bridge with an address of this host; a stack of the demo needs a Docker engine on this Linux host itself')
  return first
}

/**
 * The stack's containers, network and images have fixed names: a stack that is there already must not be touched.
 * @throws Error naming what is in the way
 */
export async function assertNamesAreFree(docker: DockerCommand): Promise<void> {
  const containers = await lines(docker(['ps', '--all', '--filter', 'name=zetherion-ai-', '--format', 'container {{.Names}}']))
  const networks = await lines(docker(['network', 'ls', '--filter', 'name=^zetherion-ai-net$', '--format', 'network {{.Name}}']))
  const images = await managedImages(docker)
  const inTheWay = [...containers, ...networks, ...images.map((image) => `image ${image}`)]
  if (inTheWay.length > 0) throw new Error(`this engine has a stack of these names already, which is left alone: ${inTheWay.join(', ')}`)
}

/** Every image of the stack's own three repositories, by its names. */
export async function managedImages(docker: DockerCommand): Promise<string[]> {
  const found = await Promise.all(['bot', 'skills', 'api'].map((name) => lines(docker(['image', 'ls', `zetherion-ai-${name}`, '--format', '{{.Repository}}:{{.Tag}}']))))
  return found.flat()
}

async function lines(output: Promise<string>): Promise<string[]> {
  return (await output).split('\n').filter((line) => line !== '')
}
