import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { at } from '../../sandbox/daemon/waiting.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(`${repository}/${path}`, 'utf8')

it('qdrant speaks TLS when its prepared lines lose their comment signs', async () => {
  const text = await read('docker-compose.yml')
  const prepared: unknown = parse(text.replaceAll(/^( +)# (?=environment:\n +#   QDRANT__|  QDRANT__|- \S+:\/qdrant\/tls\/)/gm, '$1'))
  expect(at(prepared, 'services', 'qdrant', 'environment')).toMatchObject({ QDRANT__SERVICE__ENABLE_TLS: 'true', QDRANT__TLS__CERT: expect.stringMatching(/^\/qdrant\/tls\//), QDRANT__TLS__KEY: expect.stringMatching(/^\/qdrant\/tls\//) })
  const volumes: unknown = at(prepared, 'services', 'qdrant', 'volumes')
  expect(volumes).toEqual(['qdrant_storage:/qdrant/storage', expect.stringMatching(/cert\.pem:\/qdrant\/tls\/cert\.pem:ro$/), expect.stringMatching(/key\.pem:\/qdrant\/tls\/key\.pem:ro$/)])
  const unprepared: unknown = parse(text)
  expect(at(unprepared, 'services', 'qdrant', 'environment')).toBeUndefined()
  expect(await read('scripts/generate-qdrant-certs.sh')).toContain('cert.pem')
})

it('Dependabot looks for updates of every image that the stack names', async () => {
  const settings: unknown = parse(await read('.github/dependabot.yml'))
  const updates = at(settings, 'updates')
  const looked = (Array.isArray(updates) ? updates : []).flatMap((update: unknown) => {
    const directories = at(update, 'directories') ?? [at(update, 'directory')]
    return (Array.isArray(directories) ? directories : []).map((directory: unknown) => `${String(at(update, 'package-ecosystem'))} ${String(directory)}`)
  })
  const wanted = ['docker-compose /']
  for (const directory of ['/', '/reference-app']) {
    const names = await readdir(`${repository}${directory}`)
    if (names.some((name) => name.startsWith('Dockerfile'))) wanted.push(`docker ${directory}`)
  }
  expect(looked).toEqual(expect.arrayContaining(wanted))
})
