import { describe, expect, it } from 'vitest'
import { readComposeModel } from '../../../src/docker/compose/model.ts'
import { planBuilds } from '../../../src/docker/images/plan.ts'
import { serviceReasons } from '../../../src/docker/preflight/services.ts'

const project = { project: 'stack', projectDirectory: '/srv/stack' }
const release = { tag: 'v1.2.3', version: '1.2.3', commit: 'a'.repeat(40) }
const model = (services: string) => readComposeModel(`services:\n${services}`)

describe('the builds of a release', () => {
  it('are one for services that share an image', () => {
    const plans = planBuilds(project, model(`
  blue: { image: 'web:blue', build: { context: /srv/stack/web, args: { A: '1', B: '2' } } }
  green: { image: 'web:green', build: { context: /srv/stack/web, args: { B: '2', A: '1' } } }
  bot: { image: 'bot:current', build: { context: /srv/stack } }
`), release, ['blue', 'green', 'bot'])
    expect(plans.map(({ services, reference, contextPath }) => ({ services, reference, contextPath }))).toEqual([
      { services: ['blue', 'green'], reference: 'web:aaaaaaaaaaaa', contextPath: 'web' },
      { services: ['bot'], reference: 'bot:aaaaaaaaaaaa', contextPath: '' },
    ])
    expect(plans[1]?.labels).toMatchObject({ 'org.opencontainers.image.revision': release.commit, 'org.opencontainers.image.version': '1.2.3', 'zetherion.updater.project': 'stack', 'zetherion.updater.image': 'bot' })
  })

  it('have a key that changes with commit, Dockerfile, target and arguments', () => {
    const keyOf = (build: string, commit = release.commit) =>
      planBuilds(project, model(`  bot: { image: 'bot:current', build: { context: /srv/stack${build} } }`), { ...release, commit }, ['bot'])[0]?.key
    const keys = [keyOf(''), keyOf('', 'b'.repeat(40)), keyOf(', dockerfile: Other'), keyOf(', target: run'), keyOf(', args: { A: "1" }')]
    expect(new Set(keys).size).toBe(5)
    expect(keyOf(', dockerfile: Dockerfile')).toBe(keys[0])
  })

  it('are refused where two services want different images under one name', () => {
    const services = model(`
  blue: { image: 'web:blue', build: { context: /srv/stack, args: { COLOR: blue } } }
  green: { image: 'web:green', build: { context: /srv/stack, args: { COLOR: green } } }
`)
    expect(() => planBuilds(project, services, release, ['blue', 'green'])).toThrow(/green and blue build different images/)
  })
})

describe('a managed service', () => {
  const reasons = (service: string) => [...model(`  bot: ${service}`).values()].flatMap((service) => serviceReasons(service, []))

  it('is sound with one container and an image name whose tag can be moved', () => {
    expect(reasons("{ image: 'bot:current', pull_policy: never }")).toEqual([])
  })

  it.each([
    ['{ build: { context: /srv } }', /no image name/],
    [`{ image: 'bot@sha256:${'0'.repeat(64)}' }`, /tag that can be moved/],
    ["{ image: 'bot:0123456789ab' }", /uses for its own tags/],
    ["{ image: 'bot:keep-0123456789abcdef' }", /uses for its own tags/],
    ["{ image: 'bot:current', pull_policy: always }", /pull_policy always/],
    ["{ image: 'bot:current', deploy: { replicas: 2 } }", /2 containers/],
  ])('is refused: %s', (service, expected) => {
    expect(reasons(service)).toEqual([expect.stringMatching(expected)])
  })
})
