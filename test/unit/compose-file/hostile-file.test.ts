import { expect, it } from 'vitest'
import { fileReasons } from '../../../src/compose-file/reasons.ts'
import { placeOf, readComposeSource } from '../../../src/compose-file/source.ts'

/* A compose file is read by the daemon itself, before Compose sees it: while it is, nothing else is done. */

const reasons = (text: string): string[] => fileReasons(readComposeSource('docker-compose.yml', 'at v2.0.0', text), new Map())

it('fault 40: a compose file full of aliases is read in seconds, not in hours', () => {
  const begun = performance.now()
  const text = `x-one: &one 1\nx-many:\n${'  - *one\n'.repeat(12_000)}services: {}\n`
  expect(reasons(text)).toEqual([])
  expect(performance.now() - begun).toBeLessThan(10_000)
})

it('fault 40: a mapping of very many keys is read in a moment, and a key that stands in it twice is told', () => {
  const begun = performance.now()
  const keys = Array.from({ length: 22_000 }, (_, key) => `  k${key}:\n`).join('')
  expect(reasons(`x-many:\n${keys}  k7:\nservices: {}\n`)).toEqual(['docker-compose.yml:22002:3 at v2.0.0: k7 stands here a second time'])
  expect(performance.now() - begun).toBeLessThan(10_000)
})

it('fault 40: merges of merges are refused before they are followed', () => {
  const levels = Array.from({ length: 16 }, (_, level) => `x-${level}: &l${level} { <<: [${`*l${level - 1}, `.repeat(level === 0 ? 0 : 20)}] }\n`)
  expect(reasons(`${levels.join('')}services: { bot: { <<: *l15 } }\n`)).toEqual([
    'docker-compose.yml:1:1 at v2.0.0: its merges (<<) lead into themselves, or bring in more entries than any stack has',
  ])
})

it('fault 40: a mapping that is merged into itself is refused', () => {
  expect(reasons('services:\n  bot: &b { <<: *b, image: x }\n')).toEqual([
    'docker-compose.yml:1:1 at v2.0.0: its merges (<<) lead into themselves, or bring in more entries than any stack has',
  ])
})

it('what people merge counts as it stands: an entry of its own before one that is merged, the first of several before the others', () => {
  const base = `x-base: &base\n${Array.from({ length: 50 }, (_, key) => `  key${key}: 1\n`).join('')}`
  const services = Array.from({ length: 200 }, (_, service) => `  s${service}: { <<: [*base, *more], key1: 2 }\n`)
  const source = readComposeSource('docker-compose.yml', 'at v2.0.0', `${base}x-more: &more { <<: *base, key0: 3, further: 4 }\nservices:\n${services.join('')}`)
  expect(fileReasons(source, new Map())).toEqual([])
  expect(['key0', 'key1', 'further'].map((key) => placeOf([source], ['services', 's0', key]))).toEqual(['docker-compose.yml:2:3 at v2.0.0', 'docker-compose.yml:54:29 at v2.0.0', 'docker-compose.yml:52:37 at v2.0.0'])
})

it('fault 40: a variable in a default in a default without end is told, not followed to the end of the stack', () => {
  const deep = 20_000
  expect(reasons(`services:\n  bot:\n    command: "${'${A:-'.repeat(deep)}${'}'.repeat(deep)}"\n`)).toEqual([
    'docker-compose.yml:3:14 at v2.0.0: this wants the variable A, which .env does not set (its default stands inside of more than 32 others)',
  ])
})

it('fault 40: a compose file that is larger than any that people write is refused unread', () => {
  expect(reasons(`services: {}\n# ${'x'.repeat(250_000)}\n`)).toEqual(['docker-compose.yml at v2.0.0: this is larger than 0.25 MB'])
})

it('an alias stands for the last anchor of its name before it', () => {
  const text = 'x-a: &same { image: one }\nservices:\n  bot: *same\n  late: &same { image: two }\n  api: *same\n  broken: *nobody\n'
  expect(reasons(text)).toEqual(['docker-compose.yml:6:11 at v2.0.0: the alias *nobody stands for nothing'])
  const source = readComposeSource('docker-compose.yml', 'at v2.0.0', text.replace('  broken: *nobody\n', ''))
  expect([placeOf([source], ['services', 'bot', 'image']), placeOf([source], ['services', 'api', 'image'])]).toEqual(['docker-compose.yml:1:14 at v2.0.0', 'docker-compose.yml:4:17 at v2.0.0'])
})
