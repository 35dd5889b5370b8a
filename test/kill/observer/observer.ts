import { readFileSync, watch } from 'node:fs'
import { get } from 'node:http'
import { dirname } from 'node:path'
import { inner } from './json.ts'
import { createJudge, type SeenSessions } from './judge.ts'
import { lookAtSandbox } from './processes.ts'
import type { SeenRoutes } from './routes-file.ts'
import type { SeenState } from './state-file.ts'

/** Where the world is looked at. */
export interface ObservedPlaces {
  readonly routesFile: string
  readonly stateFile: string
  readonly sandbox: string
  /** Base URLs by name. */
  readonly entryPoints: Readonly<Record<string, string>>
  /** What the gateway tells about the bots. */
  readonly sessions: () => Promise<SeenSessions>
}

/**
 * Watches a running sandbox stack from outside, for as long as it runs: files, processes, entry points and the bots' gateway, each
 * read in its own way. Shares no code with what it watches.
 */
export interface Observer {
  /** Everything that must never be and was, with its time. */
  readonly complaints: readonly string[]
  readonly looks: number
  /** The last whole files. */
  readonly routes: SeenRoutes | null
  readonly state: SeenState | null
  /** Looks now. */
  look(): void
  /** Adds what the test does to the story. */
  note(what: string): void
  /** While this runs holds may go: somebody unpauses. */
  whileUnpausing<T>(unpause: () => Promise<T>): Promise<T>
  /** What happened lately, one line each. */
  story(): string
  stop(): Promise<void>
}

/** Between two looks at files and processes, ms; a change of a file is looked at besides. */
const lookEvery = 40
/** Between two questions to an entry point or the gateway, ms. */
const askEvery = 100
const answerLimit = 10_000
const storyLines = 120

export function startObserver(places: ObservedPlaces): Observer {
  const judge = createJudge()
  const complaints: string[] = []
  const story: string[] = []
  const stopping = new AbortController()
  let looks = 0
  let unpausing = false
  let told = ''

  const note = (what: string): void => {
    story.push(`${new Date().toISOString().slice(11)} ${what}`)
    if (story.length > storyLines) story.shift()
  }
  const complain = (wrong: readonly string[]): void => {
    for (const what of wrong) {
      note(`!! ${what}`)
      complaints.push(`${new Date().toISOString()} ${what}`)
    }
  }
  const look = (): void => {
    looks += 1
    const [routes, state] = [read(places.routesFile), read(places.stateFile)]
    const sandbox = lookAtSandbox(places.sandbox)
    const steady = routes === read(places.routesFile) && state === read(places.stateFile)
    complain(judge.judge({ routes, state, sandbox: steady ? sandbox : null }, unpausing))
    const now = lineOf(judge.state, judge.routes, sandbox.processes.map(({ service }) => service.replace('zetherion-ai-', '')).sort())
    if (now !== told) note(now)
    told = now
  }
  const watching = [places.routesFile, places.stateFile].map((path) => watch(dirname(path), () => {
    if (!stopping.signal.aborted) complain(judge.judge({ routes: read(places.routesFile), state: read(places.stateFile), sandbox: null }, unpausing))
  }))
  /** Again and again until stopped; an observer that cannot look has nothing good to tell. */
  const repeat = async (every: number, task: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      await task().catch((error: unknown) => complain([`the observer could not look: ${error instanceof Error ? error.message : String(error)}`]))
      await new Promise((resolve) => setTimeout(resolve, every))
    }
  }
  const loops = Promise.all([
    repeat(lookEvery, async () => look()),
    repeat(askEvery, async () => complain(judge.judgeSessions(await places.sessions()))),
    ...Object.entries(places.entryPoints).map(([name, url]) => repeat(askEvery, async () => complain(judge.judgeAnswer(name, await statusOf(`${url}/health`))))),
  ])

  return {
    complaints, look, note,
    get looks() {
      return looks
    },
    get routes() {
      return judge.routes
    },
    get state() {
      return judge.state
    },
    async whileUnpausing(unpause) {
      unpausing = true
      try {
        return await unpause()
      } finally {
        look()
        unpausing = false
      }
    },
    story: () => story.join('\n'),
    async stop() {
      stopping.abort()
      for (const watcher of watching) watcher.close()
      await loops
    },
  }
}

function lineOf(state: SeenState | null, routes: SeenRoutes | null, services: readonly string[]): string {
  const operation = state?.operation ?? null
  const open = operation === null ? 'idle' : `${operation.phase} ${operation.step ?? ''} (${operation.fromTag} → ${operation.targetTag})`
  const record = state === null ? 'no record' : `record ${state.sequence}, epoch ${state.epoch}, ${state.activeTag} on ${state.activeColor}, ${open}, ${state.holds.length} holds`
  return `${record}; routes to ${routes?.color ?? 'nothing'} ${routes?.generation?.slice(0, 6) ?? ''}; run: ${services.join(' ')}`
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (inner(error, 'code') === 'ENOENT') return null
    throw error
  }
}

/** Status of one GET on a connection of its own; 0 for none. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, { agent: false, timeout: answerLimit }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
      .on('timeout', () => resolve(0))
      .on('error', () => resolve(0))
  })
}
