import { readArguments, usage } from './arguments.ts'
import { createScreen, wantsColor, type Screen } from './printing/screen.ts'
import { run } from './run.ts'
import { endKept } from './stack/end-kept.ts'
import { startSandboxStack } from './stack/sandbox-stack.ts'
import type { Stack } from './stack/stack.ts'
import { firstRelease } from './story.ts'

async function main(): Promise<number> {
  const command = readArguments(process.argv.slice(2), process.env)
  switch (command.kind) {
    case 'help':
      process.stdout.write(usage)
      return 0
    case 'wrong':
      process.stderr.write(`${command.sentence}\nnpm run demo -- --help tells the flags.\n`)
      return 64
    case 'end':
      await endKept(command.directory)
      process.stdout.write(`All of it was ended, and ${command.directory} is gone.\n`)
      return 0
    case 'run':
      return demonstrate(command)
  }
}

async function demonstrate({ docker, keep }: { readonly docker: boolean; readonly keep: boolean }): Promise<number> {
  const screen = createScreen({ write: (text) => process.stdout.write(text), colored: wantsColor(process.stdout, process.env) })
  const interrupt = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const leaveOn = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) return // npm and the terminal may both tell of one Ctrl-C
    screen.line(`\n${signal}: everything that was started is being ended …`)
    interrupt.abort()
  }
  for (const signal of signals) process.on(signal, leaveOn)
  screen.line(screen.paint('bold', 'zetherion-updater, a demo: rollouts of a small stack under load, good ones and bad ones'))
  screen.line()
  try {
    const stack = docker ? await startOnEngine(screen) : await startAsProcesses(screen)
    if (stack === null) return 2
    return await run(stack, { screen, signal: interrupt.signal, keep })
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    screen.line('Nothing is left.')
    return 130
  } finally {
    for (const signal of signals) process.off(signal, leaveOn)
  }
}

function startAsProcesses(screen: Screen): Promise<Stack> {
  screen.moment(`a git repository with release tags is made, and ${firstRelease} started as plain processes …`)
  return startSandboxStack({ first: firstRelease, detached: true, limits: { directHealth: '3s', previewHealth: '2s' } })
}

/** Null, with a plain sentence, where no engine can be had. */
async function startOnEngine(screen: Screen): Promise<Stack | null> {
  const { dockerCommand, usersEngine } = await import('./stack/docker-engine.ts')
  const { startDockerStack } = await import('./stack/docker-stack.ts')
  const engine = usersEngine(process.env)
  const docker = dockerCommand(engine)
  try {
    const [version, compose] = await Promise.all([docker(['version', '--format', '{{.Server.Version}}']), docker(['compose', 'version', '--short'])])
    screen.moment(`a Docker engine ${version} with Compose ${compose}; ${firstRelease} is built and started there …`)
  } catch (error) {
    process.stderr.write(`No Docker engine with Compose can be had at ${engine.env['DOCKER_HOST'] ?? 'its usual place'}: ${lastLine(error)}\n`)
    return null
  }
  return startDockerStack({ first: firstRelease, engine, detached: true })
}

function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? ''
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`The demo could not be given: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)
