import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { machineScripts } from '../../engine/availability.ts'
import { at, eventually } from '../../sandbox/daemon/waiting.ts'
import { inside, runningServices, untilHealth } from '../harness/inside.ts'
import { apply, underLoad } from './rollout.ts'
import type { Here, Scene } from './scene.ts'

const override = 'docker-compose.socket-proxy.yml'
const proxy = 'zetherion-ai-socket-proxy'
const network = 'zetherion-ai-engine'
const updater = 'zetherion-ai-updater'
/** A standby that `up` started is retired after a minute; a build, gates, drain, ms. */
const limit = 8 * 60_000

/** The last chapter, told when blue serves v1.7.0: the override stays in force. */
export function behindSocketProxy(here: Here): void {
  it('with the socket proxy\'s override docker compose up -d gives an updater that reaches the engine through the proxy, and by no other way', async () => {
    const { stack } = here()
    const image = at(parse(await readFile(join(stack.directory, override), 'utf8')), 'services', proxy, 'image')
    await promisify(execFile)(join(machineScripts, 'stack-images.sh'), [stack.engine.socketPath, String(image)], { timeout: 300_000 })
    await addToComposeFiles(join(stack.directory, '.env'))
    await stack.compose('up', '-d')

    await untilHealth(stack, [proxy, updater], 'healthy', 60_000)
    const environment = await stack.docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', updater)
    expect(environment).toContain(`DOCKER_HOST=tcp://${proxy}:2375`)
    expect(await inside(stack, updater, ['docker', 'version', '--format', '{{.Server.Os}}'])).toEqual({ code: 0, output: 'linux' })
    expect((await inside(stack, updater, ['docker', '--host', 'unix:///var/run/docker.sock', 'version'])).code, 'the socket itself').not.toBe(0)
    await eventually('a retired standby', async () => (await runningServices(stack)).some((service) => service.endsWith('-green')) ? null : true, 150_000)
  }, limit)

  it('behind the proxy updaterctl doctor finds nothing wrong', async () => {
    const { code, output } = await inside(here().stack, updater, ['updaterctl', 'doctor', '--json'])
    const checks = at(JSON.parse(output), 'checks')
    const ill = (Array.isArray(checks) ? checks : []).filter((check) => ['wrong', 'warning'].includes(String(at(check, 'verdict'))))
    expect({ code, ill }).toEqual({ code: 0, ill: [] })
  })

  it('behind the proxy a release that does not build is refused with what its build said, and a good one is rolled out without a failed request', async (context) => {
    const { stack } = here()
    const broken = await apply(here(), 'v1.5.0')
    expect(broken.body).toMatchObject({ status: 'failed', active_color: 'blue', error: expect.stringMatching(/zetherion-ai-skills-green could not be built.*SyntaxError/s) })
    expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })

    const { result, served } = await underLoad(context, here(), () => apply(here(), 'v1.8.0'))
    expect(result.body).toMatchObject({ status: 'success', active_color: 'green', error: null, warnings: [] })
    expect(result.body['steps_completed']).toContain('docker_build')
    expect(served).toEqual({ skills: ['v1.7.0', 'v1.8.0'], api: ['v1.7.0', 'v1.8.0'] })
  }, 2 * limit)

  it('from the updater\'s container the proxy refuses exec, attach, copying, pulling, volumes, networks, and binds that are not the stack\'s', async () => {
    const { stack } = here()
    const bot = await stack.docker('inspect', '--format', '{{.Id}}', 'zetherion-ai-bot')
    const create = (host: object, version = '/v1.41'): Call => ['POST', `${version}/containers/create?name=zz-attempt`, { Image: 'zetherion-ai-bot:current', HostConfig: host }]
    const forbidden: readonly Call[] = [
      ['POST', `/containers/${bot}/exec`, { Cmd: ['/nodejs/bin/node'] }], ['POST', `/v1.41/containers/${bot}/attach?stream=1`], ['POST', `/containers/${bot}/kill`],
      ['GET', `/containers/${bot}/archive?path=/app`], ['PUT', `/containers/${bot}/archive?path=/`], ['GET', `/containers/${bot}/export`], ['POST', `/containers/${bot}/update`, {}],
      ['POST', '/images/create?fromImage=alpine&tag=latest'], ['POST', '/images/load'], ['DELETE', '/images/postgres:17-alpine'], ['POST', '/commit'],
      ['POST', '/volumes/create', { Name: 'zz-attempt' }], ['POST', '/networks/create', { Name: 'zz-attempt' }], ['POST', '/swarm/init', {}], ['GET', '/secrets'],
      create({ Binds: ['/:/host'] }), create({ Binds: [`${stack.directory}:/host`] }), create({ Binds: [`${stack.directory}/data/../.env:/host`] }), create({ Mounts: [{ Type: 'bind', Source: '/etc', Target: '/host' }] }),
      create({ Mounts: [{ Type: 'volume', Target: '/host', VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } } } }] }),
      create({ VolumesFrom: [updater] }), create({}, ''),
    ]
    const told = await asked(here(), updater, forbidden)
    expect(told.filter(({ status }) => status !== 403 && status !== 405)).toEqual([])
    expect(told).toHaveLength(forbidden.length)
    expect(await asked(here(), updater, [['GET', '/_ping']]), 'what it lets through').toMatchObject([{ status: 200 }])
    for (const command of [['exec', 'zetherion-ai-bot', '/nodejs/bin/node', '--version'], ['pull', 'alpine'], ['cp', 'zetherion-ai-bot:/app', '/tmp/app']]) {
      expect(await inside(stack, updater, ['docker', ...command]), command.join(' ')).toMatchObject({ code: 1, output: expect.stringContaining('Forbidden') })
    }
    expect(await stack.docker('ps', '--all', '--quiet', '--filter', 'name=zz-attempt')).toBe('')
  })

  it('nobody but the updater reaches the proxy: it has a network of these two alone, and refuses whoever else is let into that', async () => {
    const { stack } = here()
    expect(await stack.docker('network', 'inspect', network, '--format', '{{.Internal}} {{range .Containers}}{{.Name}} {{end}}')).toMatch(new RegExp(`^true (${proxy} ${updater}|${updater} ${proxy})$`))
    expect(await stack.docker('ps', '--filter', `name=${proxy}`, '--format', '{{.Ports}}'), 'on the host').not.toContain('->')
    const colors = ['zetherion-ai-skills-green', 'zetherion-ai-api-green', 'zetherion-ai-bot']
    await Promise.all(colors.map(async (container) => {
      expect(await asked(here(), container, [['GET', '/_ping']]), container).toMatchObject([{ status: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN|TimeoutError)/) }])
    }))
    const [intruder = ''] = colors
    await stack.docker('network', 'connect', network, intruder)
    try {
      expect(await asked(here(), intruder, [['GET', '/_ping'], ['GET', '/containers/json']])).toMatchObject([{ status: 403 }, { status: 403 }])
    } finally {
      await stack.docker('network', 'disconnect', network, intruder)
    }
  })
}

type Call = readonly [method: string, path: string, body?: object]

/** Calls of the proxy by a program inside of a container: the status of each answer, or why there was none. */
async function asked({ stack }: Scene, container: string, calls: readonly Call[]): Promise<{ readonly call: string; readonly status: unknown }[]> {
  const program = `(async () => {
    for (const [method, path, body] of ${JSON.stringify(calls)}) {
      const options = { method, signal: AbortSignal.timeout(10_000), ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }
      const status = await fetch('http://${proxy}:2375' + path, options).then(async (answer) => (await answer.arrayBuffer(), answer.status), (error) => error.cause?.code ?? String(error))
      console.log(JSON.stringify({ call: method + ' ' + path, status }))
    }
  })()`
  const { output } = await inside(stack, container, [container === updater ? 'node' : '/nodejs/bin/node', '-e', program])
  return output.split('\n').map((line) => {
    const answer: unknown = JSON.parse(line)
    return { call: String(at(answer, 'call')), status: at(answer, 'status') }
  })
}

async function addToComposeFiles(path: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const [line = 'COMPOSE_FILE=docker-compose.yml:docker-compose.override.yml'] = /^COMPOSE_FILE=.+$/m.exec(text) ?? []
  await writeFile(path, `${text.replace(`${line}\n`, '')}${line}:${override}\n`)
}
