import { chmod, readFile } from 'node:fs/promises'
import { beforeAll, expect, it } from 'vitest'
import { doctorOf, thoseThatAre, type Report } from '../sandbox/daemon/updaterctl.ts'
import { eventually } from '../sandbox/daemon/waiting.ts'
import { onStack } from './rollout/on-stack.ts'

/** They pass one after the other where Traefik is stopped; one that is well follows in a third of a second, and answers in a few ms. */
const limits = { routedHealth: '5s', probe: '2s' }

onStack('doctor on a real engine behind a real Traefik', { limits }, (here) => {
  let environment: Record<string, string>
  const doctor = (...args: string[]): Promise<Report> => doctorOf(environment, args)
  const readOnly = (): Promise<Report> => doctor('--read-only')

  beforeAll(async () => {
    // The very one that the updater runs with, and where it listens.
    const text = await readFile(`/proc/${here().daemon().pid}/environ`, 'utf8')
    environment = Object.fromEntries(text.split('\0').filter((entry) => entry.includes('=')).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))
    environment['UPDATER_PORT'] = new URL(here().daemon().url).port
    await chmod(environment['UPDATER_SECRET_PATH'] ?? '', 0o440)
    // As the updater does it a minute after an \`up -d\` that started both colors.
    await here().docker(['stop', 'zetherion-ai-skills-green', 'zetherion-ai-api-green'])
  })

  it('finds nothing wrong where all is well, and Traefik takes the routes anew', async () => {
    const { code, byId, report } = await doctor()
    expect(thoseThatAre('wrong', byId)).toEqual([])
    expect(code).toBe(0)
    expect(report).toMatchObject({ by: 'updater', serves: { color: 'blue' } })
    for (const id of ['engine', 'compose', 'clock', 'entry_points', 'previews', 'reload', 'agreement', 'standby', 'leftovers']) expect(byId[id], id).toMatchObject({ verdict: 'ok' })
    expect(byId['engine']?.found).toMatch(/Docker Engine \d+\.\d+/)
    expect(byId['compose']?.found).toMatch(/Docker Compose v?\d+\.\d+/)
  })

  it('finds a socket that everybody can use', async () => {
    const socket = (environment['DOCKER_HOST'] ?? '').replace('unix://', '')
    await chmod(socket, 0o666)
    const { code, byId } = await readOnly()
    await chmod(socket, 0o660)
    expect(code).toBe(1)
    expect(thoseThatAre('wrong', byId)).toEqual(['socket'])
  })

  it('finds a standby that an operator has started, and an image that was kept for nothing', async () => {
    const stack = here()
    await stack.compose('up', '-d')
    const image = await stack.docker(['inspect', 'zetherion-ai-bot', '--format', '{{.Config.Image}}'])
    const kept = `${image.split(':')[0] ?? ''}:keep-00000000000000f9`
    await stack.docker(['tag', image, kept])
    const { code, byId } = await readOnly()
    await stack.docker(['rmi', kept])
    expect(code).toBe(0)
    expect(byId['standby']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('of the standby color green is not stopped') })
    expect(byId['agreement']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('(R17)') })
    expect(byId['leftovers']).toMatchObject({ verdict: 'warning', found: expect.stringContaining('keep-00000000000000f9') })
  })

  it('finds a Traefik that is stopped, and that it takes the routes again once it is back', async () => {
    const stack = here()
    await stack.docker(['stop', 'zetherion-ai-traefik'])
    const { code, byId } = await doctor()
    await stack.docker(['start', 'zetherion-ai-traefik'])
    expect(code).toBe(1)
    expect(thoseThatAre('wrong', byId)).toEqual(['entry_points', 'previews', 'reload'])
    await eventually('a stack with which all is well', async () => ((await doctor()).code === 0 ? true : null))
  })

  it('looks at the engine itself while the updater is down', async () => {
    await here().daemon().end('SIGTERM')
    const { code, byId, report } = await doctor()
    await here().startUpdater()
    expect(code).toBe(1)
    expect(report).toMatchObject({ by: 'here', serves: { color: 'blue' } })
    expect(thoseThatAre('wrong', byId)).toEqual(['updater'])
    for (const id of ['engine', 'compose', 'socket', 'entry_points', 'previews', 'record']) expect(byId[id], id).toMatchObject({ verdict: 'ok' })
  })
})
