import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const file = (name: string) => readFile(fileURLToPath(new URL(`../../reference-app/${name}`, import.meta.url)), 'utf8')

test('every service is hardened, limited and named as it is addressed', async () => {
  const { services, networks } = parse(await file('docker-compose.yml'))
  expect(Object.keys(services)).toEqual([
    'zetherion-ai-bot', 'zetherion-ai-skills-blue', 'zetherion-ai-skills-green', 'zetherion-ai-api-blue', 'zetherion-ai-api-green',
    'zetherion-ai-traefik',
  ])
  for (const [name, service] of Object.entries(services)) {
    expect([name, service]).toEqual([name, expect.objectContaining({
      container_name: name,
      restart: name === 'zetherion-ai-traefik' ? 'always' : 'unless-stopped',
      read_only: true,
      tmpfs: expect.arrayContaining(['/tmp']),
      security_opt: ['no-new-privileges:true'],
      cap_drop: ['ALL'],
      networks: ['zetherion-ai-net'],
    })])
    expect(service).toHaveProperty('deploy.resources.limits.memory')
    expect(service).toHaveProperty('deploy.resources.limits.cpus')
    expect(service).not.toHaveProperty('ports')
  }
  expect(networks).toMatchObject({ 'zetherion-ai-net': { name: 'zetherion-ai-net' } })
})

test('both colors of a group differ in nothing but name and tag', async () => {
  const { services } = parse(await file('docker-compose.yml'))
  for (const group of ['skills', 'api']) {
    const [blue, green] = ['blue', 'green'].map((color) => JSON.stringify(services[`zetherion-ai-${group}-${color}`]).replaceAll(color, 'COLOR'))
    expect(blue).toBe(green)
  }
})

test('the compose file names nothing that Compose v1 does not know', async () => {
  const text = await file('docker-compose.yml')
  expect(Object.keys(parse(text)).filter((key) => !key.startsWith('x-'))).toEqual(['services', 'networks'])
  expect(text).not.toContain('start_interval')
  expect(text).not.toContain('<<')
})

test.each([['Dockerfile', 'bot', 8081], ['Dockerfile.skills', 'skills', 8080], ['Dockerfile.api', 'api', 8443]])(
  '%s ends in a distroless image that runs %s as nonroot and checks its health without a shell',
  async (name, program, port) => {
    const text = await file(name)
    const stages = text.split(/^FROM /m).slice(1)
    expect(stages.map((stage) => stage.split('\n')[0])).toEqual(['node:20-bookworm-slim AS build', 'gcr.io/distroless/nodejs20-debian12:nonroot'])
    expect(stages[1]).toContain('USER nonroot\n')
    expect(stages[1]).toContain('STOPSIGNAL SIGTERM\n')
    expect(stages[1]).toContain(`CMD ["/nodejs/bin/node", "src/healthcheck.js", "http://127.0.0.1:${port}/health"]\n`)
    expect(stages[1]).toContain(`CMD ["src/${program}.js"]\n`)
    expect(stages[1]).not.toContain('RUN ')
  },
)
