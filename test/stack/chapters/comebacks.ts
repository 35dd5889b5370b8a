import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { request } from 'undici'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { eventually, untilNothingIsWrong } from '../../sandbox/daemon/waiting.ts'
import { inside, runningServices } from '../harness/inside.ts'
import { openToOperator, writeAs } from '../harness/whole-stack.ts'
import { containers } from '../statements/services.ts'
import { apply } from './rollout.ts'
import type { Here, Scene } from './scene.ts'

/** Twelve containers start, health checks run, and a standby that `up` started is retired after a minute, ms. */
const backLimit = 240_000
const stories = 7 * 60_000

interface Serving {
  readonly color: 'blue' | 'green'
  readonly release: string
}

const green: Serving = { color: 'green', release: 'v1.1.0' }

/** Told when green serves v1.1.0. */
export function comebacks(here: Here): void {
  it('green is back after docker compose down and up -d, and so is what the volumes hold', async (context) => {
    const { stack } = here()
    await putAway(here())
    await shortenStandbyGrace(here())
    await stack.compose('down', '--timeout', '20')
    expect(await stack.docker('ps', '--all', '--quiet', '--filter', 'name=zetherion-ai-')).toBe('')
    await stack.compose('up', '-d')
    await back(context, here(), green, 'docker compose down and up')
    await found(here())
  }, stories)

  it('green is back after the engine was restarted', async (context) => {
    const { stack } = here()
    await stack.engine.restart()
    await back(context, here(), green, 'an engine restart')
  }, stories)

  it('green is back after kill -9 of the engine', async (context) => {
    const { stack } = here()
    await stack.engine.kill()
    await stack.engine.restart()
    await back(context, here(), green, 'kill -9 of the engine')
  }, stories)

  it('green is back after a reboot of the host: every container killed and the engine started anew', async (context) => {
    const { stack } = here()
    await stack.engine.reboot()
    await back(context, here(), green, 'a reboot of the host')
    await found(here())
  }, stories)

  it('after the next release blue is what comes back after kill -9 of the engine', async (context) => {
    const { stack } = here()
    expect((await apply(here(), 'v1.7.0')).body).toMatchObject({ status: 'success', active_color: 'blue' })
    await stack.engine.kill()
    await stack.engine.restart()
    await back(context, here(), { color: 'blue', release: 'v1.7.0' }, 'kill -9 of the engine')
  }, 2 * stories)
}

/** That a standby is retired after a minute the first start has shown: from the next `up` on the operator's own settings say 15 s. */
async function shortenStandbyGrace({ stack: { directory, operator } }: Scene): Promise<void> {
  const settings = await readFile(join(directory, 'config/updater.yml'), 'utf8')
  expect(settings).toContain('standbyGrace: 60s')
  const own = join(directory, 'state/updater.yml')
  await writeAs(operator, own, settings.replace('standbyGrace: 60s', 'standbyGrace: 15s'))
  const environment = join(directory, '.env')
  await writeAs(operator, environment, `${await readFile(environment, 'utf8')}UPDATER_CONFIG=${own}\n`)
}

/** Leaves something in every volume. */
async function putAway({ stack }: Scene): Promise<void> {
  const put = await request(`http://${await stack.addressOf('zetherion-ai-qdrant')}:6333/collections/kept`, { method: 'PUT', body: '{"vectors":3}' })
  expect(put.statusCode).toBe(200)
  expect(await inside(stack, 'zetherion-ai-postgres', ['psql', '-U', 'zetherion', '-c', 'create table kept as select 42 as answer'])).toMatchObject({ code: 0 })
}

/** Qdrant's collection, PostgreSQL's table, and the models of both ollamas. */
async function found({ stack }: Scene): Promise<void> {
  const kept = await request(`http://${await stack.addressOf('zetherion-ai-qdrant')}:6333/collections/kept`)
  expect(await kept.body.json()).toMatchObject({ result: { vectors: 3 } })
  // After a crash it first recovers what was not written yet, which nothing else has waited for.
  const answer = await eventually('a database that answers', async () => {
    const { code, output } = await inside(stack, 'zetherion-ai-postgres', ['psql', '-U', 'zetherion', '-tc', 'select answer from kept'])
    return code === 0 ? output.trim() : null
  })
  expect(answer).toBe('42')
  expect((await inside(stack, 'zetherion-ai-ollama', ['ollama', 'list'])).output).toContain('llama3.1:8b')
  expect((await inside(stack, 'zetherion-ai-ollama-router', ['ollama', 'list'])).output).toContain('llama3.2:3b')
}

/** Waits until everything is as it was; tells how long that took from the moment on when the engine could be asked. */
async function back(context: TestContext, scene: Scene, serving: Serving, after: string): Promise<void> {
  const begun = performance.now()
  await openToOperator(scene.stack.engine, scene.stack.operator)
  await untilNothingIsWrong(() => wrong(scene, serving).catch((error: unknown) => [String(error)]), backLimit)
  tellFigure(context, { name: `whole stack: back after ${after}, standby retired, s`, value: (performance.now() - begun) / 1000, together: 'most' })
}

async function wrong({ stack }: Scene, { color, release }: Serving): Promise<string[]> {
  const found: string[] = []
  const retired = color === 'green' ? 'blue' : 'green'
  const expected = containers.filter((name) => !name.endsWith(`-${retired}`)).map(serviceOf)
  const running = (await runningServices(stack)).filter((service) => service !== 'zetherion-ai-gateway')
  if (running.join() !== expected.sort().join()) found.push(`${running.join(', ')} run instead of ${expected.join(', ')}`)
  for (const target of await stack.loadTargets()) {
    const answer = await request(target.url, { headers: target.headers(), headersTimeout: 5_000, bodyTimeout: 5_000 })
    const serves = answer.statusCode === 200 ? releaseOf(await answer.body.json()) : `status ${answer.statusCode}`
    if (answer.statusCode !== 200) await answer.body.dump()
    if (serves !== release) found.push(`${target.name} is answered by ${serves}`)
  }
  const { state, active_color, paused } = (await stack.updater.get('/status')).body
  if (state !== 'idle' || active_color !== color || paused !== false) found.push(`the updater says ${JSON.stringify({ state, active_color, paused })}`)
  const { open, overlaps } = await stack.gateway()
  if (open !== 1 || overlaps !== 0) found.push(`the gateway has ${open} bots and saw ${overlaps} overlaps`)
  return found
}

/** The databases and the models have shorter names in the file. */
function serviceOf(container: string): string {
  return container.replace(/^zetherion-ai-(postgres|qdrant|ollama|ollama-router)$/, '$1')
}
