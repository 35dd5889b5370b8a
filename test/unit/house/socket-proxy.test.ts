import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { at } from '../../sandbox/daemon/waiting.ts'
import { recordedEngineCalls } from './recorded-engine-calls.ts'

let command: readonly string[]
let updater: unknown

beforeAll(async () => {
  const file: unknown = parse(await readFile(new URL('../../../docker-compose.socket-proxy.yml', import.meta.url), 'utf8'))
  const words = at(file, 'services', 'zetherion-ai-socket-proxy', 'command')
  command = Array.isArray(words) ? words.map(String) : []
  updater = at(file, 'services', 'zetherion-ai-updater')
})

/** As the proxy judges: each pattern, with nothing but ^ and $ around it, against the path (its README, "Setting up the allowlist for requests"). */
function letsThrough(call: string): boolean {
  const [method = '', path = ''] = call.split(' ')
  return command
    .flatMap((word) => (word.startsWith(`-allow${method}=`) ? [word.slice(`-allow${method}=`.length)] : []))
    .some((pattern) => new RegExp(`^${pattern}$`).test(path))
}

const id = 'f1'.repeat(32)

describe('the proxy between updater and engine', () => {
  it.each(recordedEngineCalls)('lets %s through, which the updater asks', (call) => {
    expect(letsThrough(call)).toBe(true)
  })

  it.each([
    `POST /containers/${id}/exec`,
    `POST /v1.41/exec/${id}/start`,
    `POST /containers/${id}/attach`,
    `GET /containers/${id}/attach/ws`,
    `GET /containers/${id}/archive`,
    `PUT /containers/${id}/archive`,
    `GET /containers/${id}/export`,
    `POST /containers/${id}/update`,
    `POST /containers/${id}/kill`,
    'POST /containers/zetherion-ai-updater/stop',
    'POST /containers/prune',
    // Nobody's: Compose names the version.
    'POST /containers/create',
    'POST /v1.41/images/create',
    'POST /images/load',
    'GET /images/get',
    'POST /images/zetherion-updater:current/tag',
    'DELETE /images/postgres:17-alpine',
    'POST /images/prune',
    'POST /commit',
    'POST /session',
    'POST /volumes/create',
    'DELETE /volumes/stack_postgres_data',
    'POST /networks/create',
    'POST /networks/zetherion-ai-net/connect',
    'DELETE /networks/zetherion-ai-net',
    'GET /secrets',
    'POST /swarm/init',
    'POST /plugins/pull',
    `GET /containers/${id}/json/../../../secrets`,
  ])('stops %s', (call) => {
    expect(letsThrough(call)).toBe(false)
  })

  it('lets nothing be bound but what the stack binds', () => {
    const [from = ''] = command.filter((word) => word.startsWith('-allowbindmountfrom='))
    expect(from.slice('-allowbindmountfrom='.length).replaceAll(/\$\{PROJECT_DIR:[^}]*\}/g, '.')).toBe('./data,./logs,./state/secret')
  })

  it('is the only way: the updater keeps no socket', () => {
    expect(at(updater, 'volumes')).toEqual(['/dev/null:/var/run/docker.sock:ro'])
    expect(at(updater, 'environment', 'DOCKER_HOST')).toBe('tcp://zetherion-ai-socket-proxy:2375')
  })
})
