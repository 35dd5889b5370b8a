import { describe, expect, it } from 'vitest'
import { readComposeModel } from '../../../src/docker/compose/model.ts'

describe('the output of `config`', () => {
  it('is read as version 2 writes it', () => {
    const model = readComposeModel(`
name: stack
services:
  bot:
    build:
      context: /srv/stack
      dockerfile: Dockerfile.bot
      target: run
      args: { CHANNEL: stable, COUNT: 3, UNSET: null }
    image: bot:current
    pull_policy: never
    volumes:
      - { type: bind, source: /srv/stack/data, target: /data, bind: { create_host_path: true } }
      - { type: volume, source: cache, target: /cache }
    secrets: [{ source: token, target: /run/secrets/token }]
  postgres:
    image: postgres:16
    deploy: { replicas: 2 }
secrets:
  token: { name: stack_token, file: /srv/stack/secret$$1 }
`)
    expect(model.get('bot')).toEqual({
      name: 'bot',
      image: 'bot:current',
      build: { context: '/srv/stack', dockerfile: 'Dockerfile.bot', target: 'run', args: { CHANNEL: 'stable', COUNT: '3' }, otherKeys: [] },
      binds: [
        { source: '/srv/stack/data', section: 'volumes', as: '/data' },
        { source: '/srv/stack/secret$1', section: 'secrets', as: 'token' },
      ],
      pullPolicy: 'never',
      containers: 1,
    })
    expect(model.get('postgres')).toMatchObject({ build: null, binds: [], containers: 2 })
  })

  it('is read as version 1 writes it', () => {
    const model = readComposeModel(`
services:
  bot:
    build: { args: [CHANNEL=stable, UNSET], context: /srv/stack, network: host }
    image: bot:current
    scale: 3
    volumes: ['/srv/stack/data:/data:rw', 'cache:/cache:rw', '/anonymous']
  web:
    build: /srv/web
version: '3.9'
`)
    expect(model.get('bot')).toMatchObject({
      build: { context: '/srv/stack', dockerfile: 'Dockerfile', target: null, args: { CHANNEL: 'stable' }, otherKeys: ['network'] },
      binds: [{ source: '/srv/stack/data', section: 'volumes', as: '/data' }],
      containers: 3,
    })
    expect(model.get('web')?.build?.context).toBe('/srv/web')
  })

  it('is refused when its aliases have made it larger than any stack is, before it is parsed', () => {
    const text = `services:\n  bot:\n    environment:\n${'      NAME: {{{\n'.repeat(100_000)}`
    expect(() => readComposeModel(text)).toThrow(expect.objectContaining({ code: 'release_refused', details: { words: 'with its aliases resolved the stack must be no larger than 500 kB' } }))
  })

  it.each([
    ['services: [bot]', 'services'],
    ['services: { bot: 1 }', 'services.bot'],
    ['services: { bot: { build: { context: 3 } } }', 'services.bot.build.context'],
    ['services: { bot: { volumes: data } }', 'services.bot.volumes'],
    ['Usage: docker [OPTIONS]: [', 'YAML'],
    ['nothing', 'the file'],
  ])('is refused where it is not what Compose writes: %s', (text, place) => {
    expect(() => readComposeModel(text)).toThrow(place)
  })
})
