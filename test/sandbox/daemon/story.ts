import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import type { LogLine } from '../../../demo/stack/daemon.ts'
import { startLoad, type Load } from '../../../demo/stack/load.ts'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import { startSandboxStack, type SandboxStackOptions } from '../../../demo/stack/sandbox-stack.ts'
import type { Stack } from '../../../demo/stack/stack.ts'
import { unsettled } from './at-rest.ts'
import { eventually, untilNothingIsWrong } from './waiting.ts'

type Signal = 'SIGTERM' | 'SIGKILL'
type Exit = Awaited<ReturnType<ReturnType<Stack['daemon']>['end']>>

/** One stack on which a file's tests tell one story, from the first release on. */
export interface Story {
  readonly stack: Stack
  /** Puts load on the routed entry points until `loadUntilNow` or `end`. Once in a story: it takes a good part of two cores. */
  startLoad(): void
  /** Ends the load and gives its count. @throws Error when none was started */
  loadUntilNow(): Promise<Omit<Load, 'stop'>>
  /** Starts the daemon, which may have run before, and waits until it has looked at the stack or tells why it does not. */
  start(env?: Readonly<Record<string, string>>): Promise<void>
  /** Waits for a step of the operation that is asked for next. Call it before asking. */
  step(name: string, event?: 'step_started' | 'step_completed'): () => Promise<void>
  /** Sends the signal at the very moment at which the daemon tells of the event. Call it before asking. */
  endAt(event: 'step_started' | 'step_completed' | 'undo_started', step: string | null, signal: Signal): () => Promise<Exit>
  /** Waits until record, routes, traffic, processes and status agree and nothing is open. */
  rest(): Promise<void>
  status(): Promise<Readonly<Record<string, unknown>>>
  /** Text of the state file. */
  stateText(): Promise<string>
  state(): Promise<unknown>
  /** Everything that daemons of this story have printed. */
  printed(): Promise<string>
  end(): Promise<void>
}

/** Less than an installation has, and enough for a machine that does much else. */
const limits = { directHealth: '15s', previewHealth: '15s', routedHealth: '15s', singletonHealth: '20s', drain: '300ms' }

/** Brings up a stack and waits until its first release serves. The daemon is started by `start`. */
export async function begin(options: Partial<SandboxStackOptions> = {}): Promise<Story> {
  const stack = await startSandboxStack({ first: 'v1.0.0', ...options, limits: { ...limits, ...options.limits } })
  await untilServed(stack).catch(async (error: unknown) => {
    await stack.close()
    throw error
  })
  let load: Load | null = null
  let stopping: Promise<void> | undefined
  const stopLoad = (): Promise<void> | undefined => (stopping ??= load?.stop())
  const lines: LogLine[] = []
  const listeners = new Set<(line: LogLine) => void>()
  const stateFile = join(stack.project.state, 'updater-state.json')
  const status = async () => (await stack.updater.get('/status')).body
  const stateText = () => readFile(stateFile, 'utf8')
  const state = async (): Promise<unknown> => JSON.parse(await stateText())

  return {
    stack, status, stateText, state,
    async start(env = {}) {
      await stack.startUpdater({
        env,
        onLine(line) {
          lines.push(line)
          for (const listener of listeners) listener(line)
        },
      })
      await eventually('a daemon that knows the stack', async () => {
        const { active_color: color, observing } = await status()
        return color === null && observing === null ? null : true
      })
    },
    step(name, event = 'step_started') {
      const from = lines.length
      return async () => {
        await eventually(`${event} ${name}`, () => lines.slice(from).find((line) => line.event === event && line.step === name) ?? null)
      }
    },
    endAt(event, step, signal) {
      let ended: Promise<Exit> | null = null
      const listener = (line: LogLine): void => {
        if (line.event !== event || line.step !== step) return
        listeners.delete(listener)
        ended = stack.daemon().end(signal)
      }
      listeners.add(listener)
      return () => eventually(`${signal} at ${event} ${step ?? ''}`, () => ended)
    },
    rest: () => untilNothingIsWrong(async () => unsettled(stack, await state())),
    printed: () => readFile(join(stack.project.root, 'updater.log'), 'utf8'),
    startLoad() {
      load ??= startLoad(stack.loadTargets, releaseOf)
    },
    async loadUntilNow() {
      await stopLoad()
      if (load === null) throw new Error('there was no load')
      return load
    },
    async end() {
      try {
        await stopLoad()
      } finally {
        await stack.close()
      }
    },
  }
}

async function untilServed(stack: Stack): Promise<void> {
  for (const target of stack.loadTargets) {
    await eventually(`${target.name} being served`, async () => {
      const answer = await request(target.url, { headers: target.headers() })
      await answer.body.dump()
      return answer.statusCode === 200 ? true : null
    })
  }
}
