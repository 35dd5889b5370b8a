import { describe, expect, it } from 'vitest'
import { defaultTopology } from '../../../src/settings/defaults.ts'
import { good, problems } from './reading.ts'

const web = ['topology:', '  groups:', '    - name: web', '      services: {blue: web-a, green: web-b}', '      port: 3000']
const entry = ['traefik:', '  entryPoints:', '    web: http://traefik:80/', '  preview: null']

function file(...lines: readonly (readonly string[] | string)[]): string {
  return `${lines.flat().join('\n')}\n`
}

describe('the topology', () => {
  it("is Zetherion's when the file has none", () => {
    expect(good({}, 'limits: {}').topology).toStrictEqual(defaultTopology)
  })

  it('is the one of the file, and nothing else, when it has one', () => {
    const settings = good({}, file(web, entry))
    expect(settings.topology).toStrictEqual({
      groups: [{ name: 'web', services: { blue: 'web-a', green: 'web-b' }, port: 3000, healthPath: '/health', entryPoint: 'web', router: {} }],
      singletons: [],
    })
    expect(settings.traefik).toStrictEqual({ entryPoints: { web: 'http://traefik:80' }, preview: null })
  })

  it('may have neither groups nor singletons', () => {
    expect(good({}, 'topology: {}').topology).toStrictEqual({ groups: [], singletons: [] })
  })

  it.each([
    [file(web), 'config/updater.yml:3: topology.groups[0].entryPoint is web, which traefik.entryPoints does not define (skills, api)'],
    [file(web, '  singletons: [{name: web, service: bot}]', entry), 'config/updater.yml:1: topology names web twice'],
    [file(web, '  singletons: [{name: bot, service: web-a}]', entry), 'config/updater.yml:1: topology uses the service web-a twice'],
    [file(web, web.slice(2).map((line) => line.replace('web', 'two').replace(/web-/g, 'two-')), '      entryPoint: web', entry), 'config/updater.yml:2: topology.groups puts two groups without a router.rule on the entry point web; give them rules'],
    [file(web, '      router:', '        tls: {certResolver: "{{ env `X` }}"}', entry), 'config/updater.yml:6: topology.groups[0].router must not contain {{, which Traefik expands as a template'],
    [file(web, '      router:', '        rule: "Host(`{{x}}`)"', entry), 'config/updater.yml:7: topology.groups[0].router.rule must be a Traefik rule such as Host(`example.org`), is "Host(`{{x}}`)"'],
    [file(web.map((line) => line.replace('name: web', 'name: ../web')), entry), 'config/updater.yml:3: topology.groups[0].name must be a short name of lower-case letters, digits and dashes, is "../web"'],
    [file(web.map((line) => line.replace('web-a', '"a;b"')), entry), 'config/updater.yml:4: topology.groups[0].services.blue must be the name of a compose service, is "a;b"'],
  ])('%j is refused', (text, sentence) => {
    expect(problems({}, text)).toStrictEqual([sentence])
  })
})
