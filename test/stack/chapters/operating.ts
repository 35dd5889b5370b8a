import { expect, it } from 'vitest'
import { eventually, untilNothingIsWrong } from '../../sandbox/daemon/waiting.ts'
import { untilHealth } from '../harness/inside.ts'
import { containers } from '../statements/services.ts'
import type { Here, Scene } from './scene.ts'

const bot = 'zetherion-ai-bot'

/** Operators' commands of the older seed for one service; told while the stack comes to rest after its first start, and blue serves. */
export function operatingOne(here: Here): void {
  it('docker compose restart restarts one service alone, and logs -f shows it while it happens: of that service, and of all', async () => {
    const { stack } = here()
    await eventually('an updater that knows the stack', async () => (await stack.updater.get('/status')).body['active_color'] === 'blue' ? true : null)
    const others = (await running(here())).filter((name) => name !== bot)
    const [before, started] = [await startsOf(here(), others), await startsOf(here(), [bot])]
    const begun = new Date().toISOString()
    const stopping = /^zetherion-ai-bot +\| .*SIGTERM/m
    const followed = Promise.all([[bot], []].map((services) => stack.operator.watch('docker', ['compose', 'logs', '--no-color', '-f', '--since', begun, ...services], stopping, stack.directory)))

    await stack.compose('restart', bot)
    await untilHealth(stack, [bot], 'healthy', 60_000)
    for (const said of await followed) expect(said).toMatch(stopping)

    expect(await startsOf(here(), [bot])).not.toBe(started)
    expect(await startsOf(here(), others), 'the other containers').toBe(before)
    await untilNothingIsWrong(async () => ((await stack.gateway()).open === 1 ? [] : ['the bot has no session']), 30_000)
    expect(await stack.gateway()).toEqual({ open: 1, overlaps: 0 })
    expect((await stack.updater.get('/status')).body).toMatchObject({ state: 'idle', active_color: 'blue', paused: false })
  }, 150_000)
}

/** Those for all of them. */
export function operatingAll(here: Here): void {
  it('docker compose logs tells what every service has printed', async () => {
    const { stack } = here()
    const said = await stack.compose('logs', '--no-color', '--tail', '2')
    for (const container of await running(here())) expect(said, container).toMatch(new RegExp(`^${container} +\\| .`, 'm'))
  })

  it('docker stats tells what each container uses, and how much it may', async () => {
    const { stack } = here()
    const told = await stack.operator.run('docker', ['stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}} {{.MemUsage}}'])
    for (const container of await running(here())) expect(told, container).toMatch(new RegExp(`^${container} [\\d.]+% [\\d.]+\\wi?B / [\\d.]+\\wiB$`, 'm'))
    expect(told).toMatch(/^zetherion-ai-bot .* \/ 2GiB$/m)
  })

  it('docker compose ps tells the health of every service', async () => {
    const { stack } = here()
    const told = await stack.compose('ps', '--format', '{{.Name}} {{.Status}}')
    for (const container of await running(here())) expect(told, container).toMatch(new RegExp(`^${container} Up .*\\(healthy\\)$`, 'm'))
  })
}

/** The end of the story. */
export function takenDown(here: Here): void {
  it('docker compose down -v removes the containers and what the volumes held, and nothing of the operator\'s directories', async () => {
    const { stack } = here()
    const volumes = (): Promise<string> => stack.docker('volume', 'ls', '--format', '{{.Name}}', '--filter', 'label=com.docker.compose.project')
    expect((await volumes()).split('\n').map((name) => name.replace(/^[^_]+_/, '')).sort()).toEqual(['ollama_models', 'ollama_router_models', 'postgres_data', 'qdrant_storage'])

    await stack.compose('down', '-v', '--timeout', '20')
    expect(await stack.docker('ps', '--all', '--quiet', '--filter', 'name=zetherion-ai-')).toBe('')
    expect(await volumes()).toBe('')
    for (const path of ['state/updater-state.json', 'state/secret/.updater-secret', 'logs', 'data']) expect(await stack.operator.run('ls', ['-d', path], { cwd: stack.directory })).toBe(path)
  }, 180_000)
}

async function running({ stack }: Scene): Promise<readonly string[]> {
  const names = (await stack.docker('ps', '--format', '{{.Names}}')).split('\n')
  return containers.filter((name) => names.includes(name))
}

/** Which start of each container runs. */
function startsOf({ stack }: Scene, names: readonly string[]): Promise<string> {
  return stack.docker('inspect', '--format', '{{.Name}} {{.State.StartedAt}}', ...names)
}
