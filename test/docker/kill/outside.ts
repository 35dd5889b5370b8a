import { readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { createJudge, type SeenSessions } from '../../kill/observer/judge.ts'
import type { SeenSandbox } from '../../kill/observer/processes.ts'
import { seenContainers, type SeenContainer } from './engine-look.ts'
import { placeOf } from './record-look.ts'

/** Where the world is looked at. */
export interface WatchedPlaces {
  /** Directory of record and routes. */
  readonly state: string
  /** The engine's. */
  readonly socketPath: string
  /** What the gateway tells about the bots. */
  readonly sessions: () => Promise<SeenSessions>
}

/**
 * Watches a running stack on an engine from outside, for as long as it runs: every version of record and routes file as it comes, the
 * containers and the gateway again and again. Judged as in the sandbox (test/kill/observer), by code that shares nothing with the updater.
 */
export interface Outside {
  /** Everything that must never be and was, with its time. */
  readonly complaints: readonly string[]
  /** While this runs holds may go: somebody unpauses. */
  whileUnpausing<T>(unpause: () => Promise<T>): Promise<T>
  /** What came to be lately, one line each. */
  story(): string
  stop(): Promise<void>
}

/** Between two looks at containers and gateway, ms: one costs the engine some 5. */
const lookEvery = 150
const storyLines = 60
const bot = 'zetherion-ai-bot'

export function watchFromOutside({ state, socketPath, sessions }: WatchedPlaces): Outside {
  const judge = createJudge()
  const complaints: string[] = []
  const story: string[] = []
  const stopping = new AbortController()
  let unpausing = false
  let told = ''
  const [routesFile, stateFile] = [join(state, 'traefik/dynamic/updater-routes.yml'), join(state, 'updater-state.json')]

  const tell = (what: string): void => {
    story.push(`${new Date().toISOString().slice(11)} ${what}`)
    if (story.length > storyLines) story.shift()
  }
  const complain = (wrong: readonly string[]): void => {
    for (const what of wrong) {
      tell(`!! ${what}`)
      complaints.push(`${new Date().toISOString()} ${what}`)
    }
  }
  const files = (): Files => ({ routes: readFileSync(routesFile, 'utf8'), state: readFileSync(stateFile, 'utf8') })
  const judgeAll = (now: Files, sandbox: SeenSandbox | null): void => {
    complain(judge.judge({ ...now, sandbox }, unpausing))
    const line = `${judge.state === null ? 'no record' : placeOf(judge.state)}; routes to ${judge.routes?.color ?? 'nothing'}`
    if (line !== told) tell(line)
    told = line
  }
  const look = async (): Promise<void> => {
    const before = files()
    const containers = await seenContainers(socketPath)
    const now = files()
    const steady = now.routes === before.routes && now.state === before.state
    judgeAll(now, steady ? sandboxOf(containers) : null)
    if (steady && judge.routes !== null) complain(mixedColor(containers, judge.routes.color))
    complain(judge.judgeSessions(await sessions()))
  }
  const watching = [routesFile, stateFile].map((path) => watch(dirname(path), () => {
    if (!stopping.signal.aborted) judgeAll(files(), null)
  }))
  /** An observer that cannot look has nothing good to tell. */
  const looking = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => complain([`the observer could not look: ${error instanceof Error ? error.message : String(error)}`]))
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
    }
  }
  const looked = looking()

  return {
    complaints,
    async whileUnpausing(unpause) {
      unpausing = true
      try {
        return await unpause()
      } finally {
        judgeAll(files(), null)
        unpausing = false
      }
    },
    story: () => story.join('\n'),
    async stop() {
      stopping.abort()
      for (const watcher of watching) watcher.close()
      await looked
    },
  }
}

interface Files {
  readonly routes: string
  readonly state: string
}

/** Containers as the sandbox's judge knows its processes. */
function sandboxOf(containers: readonly SeenContainer[]): SeenSandbox {
  const running = containers.filter(({ state }) => state === 'running')
  return {
    processes: running.map(({ service }, index) => ({ pid: index, service })),
    botContainers: containers.filter(({ service }) => service === bot).length,
  }
}

/** What is routed to is of one commit, or it is none that was ever proven (I1). */
function mixedColor(containers: readonly SeenContainer[], color: string): string[] {
  const commits = new Set(containers.filter(({ service }) => service.endsWith(`-${color}`)).map(({ commit }) => commit))
  return commits.size > 1 ? [`I1: ${color} is routed and its containers are of several commits: ${[...commits].join(', ')}`] : []
}
