import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { at } from '../../sandbox/daemon/waiting.ts'
import { containers, each } from '../statements/services.ts'
import type { Here } from './scene.ts'

const stores = ['QDRANT_HOST=qdrant', 'QDRANT_PORT=6333', 'OLLAMA_HOST=ollama', 'OLLAMA_PORT=11434', 'OLLAMA_ROUTER_HOST=ollama-router', 'OLLAMA_ROUTER_PORT=11434']
const environment = {
  'zetherion-ai-bot': [...stores, 'SKILLS_SERVICE_URL=http://zetherion-ai-traefik:8080', 'ENVIRONMENT=production'],
  'zetherion-ai-skills-blue': [...stores, 'SKILLS_HOST=0.0.0.0', 'SKILLS_PORT=8080'],
  'zetherion-ai-skills-green': [...stores, 'SKILLS_HOST=0.0.0.0', 'SKILLS_PORT=8080'],
  'zetherion-ai-postgres': ['POSTGRES_DB=zetherion', 'POSTGRES_USER=zetherion'],
}
/** Memory in MiB, processors. */
const reservations = {
  'zetherion-ai-bot': [512, '0.5'], 'zetherion-ai-skills-blue': [128, '0.25'], 'zetherion-ai-skills-green': [128, '0.25'],
  qdrant: [256, '0.25'], postgres: [64, '0.25'], ollama: [2048, '1'], 'ollama-router': [1536, '0.5'],
}
const images = {
  'zetherion-ai-postgres': /^postgres:17-alpine$/, 'zetherion-ai-qdrant': /^qdrant\/qdrant:/, 'zetherion-ai-ollama': /^ollama\/ollama:/,
  'zetherion-ai-ollama-router': /^ollama\/ollama:/, 'zetherion-ai-traefik': /^traefik:v3\./, 'zetherion-ai-cloudflared': /^cloudflare\/cloudflared:/,
}

/** What the engine was told, and what Compose makes of the files; told while both colors run. */
export function composition(here: Here): void {
  it('each of the twelve has its name and its image', async () => {
    const { stack } = here()
    const running = await stack.docker('ps', '--format', '{{.Names}} {{.Image}}')
    for (const container of containers) expect(running).toMatch(new RegExp(`^${container} `, 'm'))
    for (const [container, image] of Object.entries(images)) expect(await stack.docker('inspect', '--format', '{{.Config.Image}}', container), container).toMatch(image)
    const file = await readFile(join(stack.directory, 'docker-compose.yml'), 'utf8')
    for (const image of ['qdrant/qdrant', 'ollama/ollama']) expect(file, `${image} by its digest`).toMatch(new RegExp(`image: ${image}:\\S+@sha256:[0-9a-f]{64}`))
  })

  it('bot and skills are told the addresses of everybody whom they need, and production', async () => {
    const { stack } = here()
    for (const [container, wanted] of Object.entries(environment)) {
      const told = (await stack.docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', container)).split('\n')
      expect(told, container).toEqual(expect.arrayContaining(wanted))
    }
    for (const container of ['zetherion-ai-bot', 'zetherion-ai-skills-blue', 'zetherion-ai-skills-green']) {
      expect(await stack.docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', container), container).toMatch(/^POSTGRES_DSN=postgresql:\/\/zetherion:[0-9a-zA-Z]+@postgres:5432\/zetherion$/m)
    }
  })

  it('the file holds no secret, and without them Compose starts nothing', async () => {
    const { stack } = here()
    const secret = (await readFile(join(stack.directory, '.env'), 'utf8')).match(/^POSTGRES_PASSWORD=(.+)$/m)?.[1] ?? ''
    expect(secret.length).toBeGreaterThanOrEqual(20)
    expect(await stack.operator.run('git', ['grep', '--files-with-matches', '-e', secret, '--', '.'], { cwd: stack.directory }).catch(() => 'nowhere')).toBe('nowhere')
    await expect(stack.operator.run('docker', ['compose', '--env-file', '/dev/null', 'config', '--quiet'], { cwd: stack.directory })).rejects.toThrow(/first-start\.sh/)
  })

  it('named volumes hold what databases and models keep, each its own', async () => {
    const { stack } = here()
    const of = (container: string): Promise<string> => stack.docker('inspect', '--format', '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}:{{.Destination}}{{end}}{{end}}', container)
    expect(await of('zetherion-ai-qdrant')).toMatch(/_qdrant_storage:\/qdrant\/storage$/)
    expect(await of('zetherion-ai-postgres')).toMatch(/_postgres_data:\/var\/lib\/postgresql\/data$/)
    expect(await of('zetherion-ai-ollama')).toMatch(/_ollama_models:\/root\/\.ollama$/)
    expect(await of('zetherion-ai-ollama-router')).toMatch(/_ollama_router_models:\/root\/\.ollama$/)
  })

  it('reservations stand in the file as the seeds have them, and the engine has those of memory', async () => {
    const { stack } = here()
    const file: unknown = parse(await readFile(join(stack.directory, 'docker-compose.yml'), 'utf8'))
    for (const [service, [memory, cpus]] of Object.entries(reservations)) {
      const container = service.startsWith('zetherion-ai-') ? service : `zetherion-ai-${service}`
      expect(Number(await stack.docker('inspect', '--format', '{{.HostConfig.MemoryReservation}}', container)), container).toBe(Number(memory) * 1024 ** 2)
      expect(Number(at(file, 'services', service, 'deploy', 'resources', 'reservations', 'cpus')), service).toBe(Number(cpus))
    }
    for (const [container] of each) expect(Number(await stack.docker('inspect', '--format', '{{.HostConfig.MemoryReservation}}', container)), container).toBeGreaterThan(0)
  })

  it('all together may take what the seed adds up to, and have as much reserved', async () => {
    const { stack } = here()
    // The older document's six; `16.25G` is what they come to with skills in both colors.
    const six = ['zetherion-ai-bot', 'zetherion-ai-skills-blue', 'zetherion-ai-qdrant', 'zetherion-ai-postgres', 'zetherion-ai-ollama', 'zetherion-ai-ollama-router']
    const sum = async (what: string, names: readonly string[]): Promise<number> => (await stack.docker('inspect', '--format', `{{.HostConfig.${what}}}`, ...names)).split('\n').reduce((total, figure) => total + Number(figure), 0) / 1024 ** 3
    expect(await sum('Memory', [...six, 'zetherion-ai-skills-green'])).toBe(16.25)
    expect(Math.round(await sum('MemoryReservation', six) * 2) / 2).toBe(4.5)
    expect(await sum('NanoCpus', six) * 1024 ** 3 / 1e9, 'where the machine has them').toBeLessThanOrEqual(12)
    expect(each.filter(([name]) => six.includes(name)).reduce((total, [, { cpus }]) => total + (cpus ?? 0), 0)).toBe(12)
    expect(Object.entries(reservations).filter(([name]) => name !== 'zetherion-ai-skills-green').reduce((total, [, [, cpus]]) => total + Number(cpus), 0)).toBe(2.75)
  })

  it('ollama may take four processors where the machine has them, and qdrant, the bot and the router two', async () => {
    const { stack } = here()
    const text = await readFile(join(stack.directory, 'docker-compose.yml'), 'utf8')
    for (const [service, most] of [['OLLAMA_CPUS', '4.0'], ['OLLAMA_ROUTER_CPUS', '2.0'], ['QDRANT_CPUS', '2.0'], ['BOT_CPUS', '2.0']] as const) expect(text).toContain(`cpus: \${${service}:-${most}}`)
  })

  it('the GPU override asks for every NVIDIA GPU for ollama alone, and the file itself for none', async () => {
    const { stack } = here()
    const model = async (...files: string[]): Promise<unknown> => JSON.parse(await stack.compose(...files.flatMap((file) => ['-f', file]), 'config', '--format', 'json'))
    const devices = (of: unknown, service: string): unknown => at(of, 'services', service, 'deploy', 'resources', 'reservations', 'devices')
    const plain = await model('docker-compose.yml')
    const withGpu = await model('docker-compose.yml', 'docker-compose.gpu.yml')
    expect(devices(withGpu, 'ollama')).toMatchObject([{ driver: 'nvidia', count: -1, capabilities: ['gpu'] }])
    expect(Number(at(withGpu, 'services', 'ollama', 'deploy', 'resources', 'limits', 'memory'))).toBe(8 * 1024 ** 3)
    expect([devices(plain, 'ollama'), devices(withGpu, 'ollama-router')]).toEqual([undefined, undefined])
  })

  it('cloudflared runs by default, behind Traefik\'s entry point for the api, and says that it reaches it', async () => {
    const { stack } = here()
    expect(await stack.docker('logs', 'zetherion-ai-cloudflared')).toContain('"origin":"http://zetherion-ai-traefik:8443","status":200')
    expect(await stack.docker('inspect', '--format', '{{.State.Health.Status}}', 'zetherion-ai-cloudflared')).toBe('healthy')
  })

  it('the bot is one container that no restart policy brings back beside its successor', async () => {
    const { stack } = here()
    expect((await stack.docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.service=zetherion-ai-bot')).split('\n')).toHaveLength(1)
    expect(await stack.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', 'zetherion-ai-bot')).toBe('unless-stopped')
    expect((await stack.gateway()).open).toBe(1)
  })
}
