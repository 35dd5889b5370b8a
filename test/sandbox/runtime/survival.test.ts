import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Container } from '../../../src/rollout/model.ts'
import { findProcesses, identifyProcess } from '../../../src/sandbox/process-identity.ts'
import { bringUp, limit, waitForLines } from '../../contract/container-runtime/world.ts'
import { until } from '../router/router-world.ts'
import { bundleProgram } from './programs.ts'
import { type SandboxWorld, makeSandboxWorld } from './sandbox-world.ts'
import { answering, release, smallRelease } from './small-release.ts'

let world: SandboxWorld
beforeEach(async () => {
  world = await makeSandboxWorld()
})
afterEach(async () => {
  await world.close()
})

const look = async (): Promise<Container | undefined> => (await world.runtime.containers(['app'], limit()))[0]
const untilState = (wanted: Container['state']): Promise<Container> => until(`the container to be ${wanted}`, async () => {
  const container = await look()
  return container?.state === wanted ? container : undefined
})
/** What the service answers, from the first answer on. */
const ask = ({ ports }: Container): Promise<{ pid: number; env: Record<string, string> }> => until('an answer of the service', async () =>
  fetch(`http://127.0.0.1:${ports[8080]}/`).then(async (answer) => Object(await answer.json()), () => undefined))
const started = async (program: string, restart = 'no'): Promise<Container> => {
  await world.addRelease(release, smallRelease({ app: { program, restart } }))
  const [container] = await bringUp(world.runtime, release, ['app'])
  if (container === undefined) throw new Error('no container was started')
  return container
}
const supervisorOf = async (id: string): Promise<number> => {
  const run: unknown = JSON.parse(await readFile(join(world.options.directory, 'containers', id, 'run.json'), 'utf8'))
  return Object(run).supervisor.pid
}

/** A daemon of its own that begins to bring the service up; its output line by line. */
async function startDriver(): Promise<{ driver: ChildProcess; saw: (beginning: string) => Promise<string> }> {
  const program = await bundleProgram(join(import.meta.dirname, 'driver.ts'), world.directory)
  const { log: _log, clock: _clock, ...options } = world.options
  const driver = spawn(process.execPath, [program, JSON.stringify(options), JSON.stringify(release), 'app'], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } })
  const lines: string[] = []
  createInterface({ input: driver.stdout }).on('line', (line) => lines.push(line))
  return { driver, saw: (beginning) => until(`the driver to say ${beginning}`, async () => lines.find((line) => line.startsWith(beginning))) }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('when the daemon is killed', () => {
  it('its containers go on, are found by the next one, and leave their exit code', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering, restart: 'unless-stopped' } }))
    const { driver, saw } = await startDriver()
    await saw('up')
    const before = await untilState('running')
    const { pid } = await ask(before)
    await kill(driver)

    expect(await look()).toMatchObject({ id: before.id, state: 'running', restarts: 0 })
    expect((await ask(before)).pid).toBe(pid)
    await world.runtime.stop(before.id, 5_000, limit())
    expect(await look()).toMatchObject({ state: 'exited', exitCode: 7 })
    expect(await identifyProcess(pid)).toBeNull()
  })

  it('the exit code of a service that ends meanwhile is kept', async () => {
    await world.addRelease(release, smallRelease({ app: { program: 'setTimeout(() => process.exit(5), 300)' } }))
    const { driver, saw } = await startDriver()
    await saw('up')
    await kill(driver)
    expect(await untilState('exited')).toMatchObject({ exitCode: 5 })
  })

  it('a stop that it had begun is brought to its end', async () => {
    const container = await started("process.on('SIGTERM', () => console.log('asked to end')); setInterval(() => undefined, 1000); console.log('ready')", 'unless-stopped')
    await waitForLines(world.runtime, container.id, ['ready'])
    const cancel = new AbortController()
    const stopping = world.runtime.stop(container.id, 300, cancel.signal)
    await waitForLines(world.runtime, container.id, ['asked to end'])
    cancel.abort(new Error('the daemon is gone'))
    await expect(stopping).rejects.toThrow('the daemon is gone')
    expect(await untilState('exited')).toMatchObject({ exitCode: 137 })
  })

  it('what its builds left running ends with the next build', async () => {
    await world.addRelease(release, smallRelease({ app: { program: answering, build: "console.log('building ' + process.pid); setInterval(() => undefined, 1000)" } }))
    const { driver, saw } = await startDriver()
    const pid = Number((await saw('building ')).replace('building ', ''))
    await kill(driver)
    expect(await identifyProcess(pid)).not.toBeNull()
    await world.addRelease({ ...release, commit: 'b'.repeat(40) }, smallRelease({ app: { program: answering } }))
    await world.runtime.build({ ...release, commit: 'b'.repeat(40) }, ['app'], () => undefined, limit())
    await until('the build to be gone', async () => ((await identifyProcess(pid)) === null ? true : undefined))
  })
})

describe('when a supervisor is killed', () => {
  it('its service is still seen running, is not started twice, and can be stopped', async () => {
    const container = await started(answering, 'unless-stopped')
    const { pid } = await ask(container)
    process.kill(await supervisorOf(container.id), 'SIGKILL')
    await until('the supervisor to be gone', async () => ((await findProcesses((nonce) => nonce === container.id)).length === 1 ? true : undefined))

    expect(await look()).toMatchObject({ state: 'running' })
    await world.runtime.start(container.id, limit())
    expect((await ask(container)).pid).toBe(pid)
    await world.runtime.stop(container.id, 5_000, limit())
    expect(await identifyProcess(pid)).toBeNull()
    expect(await look()).toMatchObject({ state: 'exited', exitCode: null })
    await world.runtime.start(container.id, limit())
    expect((await ask(await untilState('running'))).pid).not.toBe(pid)
  })

  it('a supervisor that hangs does not keep a container from being stopped', async () => {
    const container = await started(answering, 'unless-stopped')
    const { pid } = await ask(container)
    process.kill(await supervisorOf(container.id), 'SIGSTOP')
    // Its parent does not ask for its exit code: it becomes a zombie, and that is dead.
    process.kill(pid, 'SIGKILL')
    await until('the service to be a zombie', async () => ((await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ') ? true : undefined))
    expect(await identifyProcess(pid)).toBeNull()
    expect(await look()).toMatchObject({ state: 'restarting' })
    await world.runtime.stop(container.id, 100, limit())
    expect(await findProcesses((nonce) => nonce === container.id)).toEqual([])
    expect(await look()).toMatchObject({ state: 'exited' })
  })
})

describe('a process id', () => {
  it('that somebody else has by now is not mistaken for the container, and is never signalled', async () => {
    const container = await started(answering)
    await world.runtime.stop(container.id, 5_000, limit())
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore', env: {} })
    await once(stranger, 'spawn')
    const identity = await identifyProcess(stranger.pid ?? 0)
    const run = { supervisor: identity, child: identity, state: 'running', restarts: 0, startedAt: new Date().toISOString(), exitCode: null }
    await writeFile(join(world.options.directory, 'containers', container.id, 'run.json'), JSON.stringify(run))

    expect(await look()).toMatchObject({ state: 'exited' })
    await world.runtime.stop(container.id, 100, limit())
    await world.runtime.remove(container.id, limit())
    expect(await identifyProcess(stranger.pid ?? 0)).toEqual(identity)
    await kill(stranger)
  })
})
