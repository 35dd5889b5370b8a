import { expect, it } from 'vitest'
import { request } from 'undici'
import { inside, probed } from '../harness/inside.ts'
import type { Here } from './scene.ts'

const stores = ['qdrant:6333', 'postgres:5432', 'ollama:11434', 'ollama-router:11434']
const traefik = ['zetherion-ai-traefik:8080', 'zetherion-ai-traefik:8443']
const colors = ['zetherion-ai-skills-blue:8080', 'zetherion-ai-skills-green:8080', 'zetherion-ai-api-blue:8443', 'zetherion-ai-api-green:8443']

/** Who speaks to whom, by the names in the seeds. */
const reached = {
  'zetherion-ai-bot': [...stores, 'zetherion-ai-traefik:8080'],
  'zetherion-ai-skills-blue': [...stores, 'zetherion-ai-updater:9090'],
  'zetherion-ai-skills-green': [...stores, 'zetherion-ai-updater:9090'],
  'zetherion-ai-api-blue': stores,
  'zetherion-ai-api-green': stores,
  'zetherion-ai-traefik': colors,
  'zetherion-ai-updater': [...colors, ...traefik, 'zetherion-ai-traefik:9180'],
  'zetherion-ai-cloudflared': ['zetherion-ai-traefik:8443'],
}

/** Told while both colors run. */
export function network(here: Here): void {
  it('only 6333 and 11434 are published on the host, and both answer there', async () => {
    const { stack } = here()
    const published = await stack.docker('ps', '--format', '{{.Names}} {{.Ports}}')
    const bindings = [...published.matchAll(/^(\S+) .*?([\d.]+):(\d+)->/gm)].map(([, name, address, port]) => `${name} ${address}:${port}`)
    expect(bindings.sort()).toEqual([`zetherion-ai-ollama ${stack.publishAddress}:11434`, `zetherion-ai-qdrant ${stack.publishAddress}:6333`])
    expect(await statusOf(`http://${stack.publishAddress}:6333/collections`)).toBe(200)
    expect(await statusOf(`http://${stack.publishAddress}:11434/api/tags`)).toBe(200)
    for (const port of [8080, 8443, 9180, 9090, 8081, 5432, 2000]) expect(await statusOf(`http://${stack.publishAddress}:${port}/`), `port ${port} of the host`).toBe('ECONNREFUSED')
  })

  it('each service is reached by its name from those that need it', async () => {
    const { stack } = here()
    for (const [container, names] of Object.entries(reached)) {
      expect(await probed(stack, container, ['connect', ...names]), `from ${container}`).toEqual(Object.fromEntries(names.map((name) => [name, 'done'])))
    }
  })

  it('the twelve are on one bridge network of the name zetherion-ai-net, and on no other', async () => {
    const { stack } = here()
    expect(await stack.docker('network', 'inspect', 'zetherion-ai-net', '--format', '{{.Driver}}')).toBe('bridge')
    const networks = await stack.docker('ps', '--filter', 'name=zetherion-ai-', '--format', '{{.Networks}}')
    expect(new Set(networks.split('\n'))).toEqual(new Set(['zetherion-ai-net']))
  })

  it('server and clients share one database password, and another one is refused', async () => {
    const { stack } = here()
    const environment = await stack.docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', 'zetherion-ai-skills-blue')
    const dsn = /^POSTGRES_DSN=(\S+)$/m.exec(environment)?.[1] ?? ''
    const ask = (url: string): Promise<{ code: number; output: string }> => inside(stack, 'zetherion-ai-postgres', ['psql', url, '--tuples-only', '--command', 'select current_user'])
    expect(await ask(dsn)).toMatchObject({ code: 0, output: expect.stringContaining('zetherion') })
    for (const guessed of ['password', 'changeme']) expect((await ask(`postgresql://zetherion:${guessed}@postgres:5432/zetherion`)).code, guessed).not.toBe(0)
  })

  it('the skills service asks for a signature on everything but its health', async () => {
    const { stack } = here()
    const address = await stack.addressOf('zetherion-ai-traefik')
    expect(await statusOf(`http://${address}:8080/skills`)).toBe(401)
    expect(await statusOf(`http://${address}:8080/health`)).toBe(200)
    expect((await stack.skills.get('/skills')).status).toBe(200)
  })
}

/** Status of an answer, or why there was none. */
async function statusOf(url: string): Promise<number | string> {
  return request(url, { headersTimeout: 5_000, bodyTimeout: 5_000 }).then(
    async ({ statusCode, body }) => {
      await body.dump()
      return statusCode
    },
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
}
