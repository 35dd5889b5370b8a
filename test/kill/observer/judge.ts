import type { SeenSandbox } from './processes.ts'
import { readSeenRoutes, type SeenRoutes } from './routes-file.ts'
import { readSeenState, type SeenState } from './state-file.ts'

/** One look at the world. */
export interface Sample {
  /** Text of the file; null when it is not there. */
  readonly routes: string | null
  readonly state: string | null
  /** Null when one of the files changed while processes were looked at: then they cannot be held against each other. */
  readonly sandbox: SeenSandbox | null
}

/** What the bots' gateway knows about its sessions. */
export interface SeenSessions {
  readonly open: number
  readonly overlaps: number
}

/** Holds each look against the one before, and against what must never be (invariants.md). Knows nothing of how it is achieved. */
export interface Judge {
  /** @param unpausing whether an unpause is under way, so that holds may go @returns what is wrong */
  judge(sample: Sample, unpausing: boolean): string[]
  judgeSessions(sessions: SeenSessions): string[]
  /** @param status 0 for no answer */
  judgeAnswer(entryPoint: string, status: number): string[]
  /** The last whole files. */
  readonly routes: SeenRoutes | null
  readonly state: SeenState | null
}

const groups = ['skills', 'api']
const bot = 'zetherion-ai-bot'

export function createJudge(): Judge {
  let routes: Read<SeenRoutes> | null = null
  let state: Read<SeenState> | null = null

  const judge = (sample: Sample, unpausing: boolean): string[] => {
    const wrong: string[] = []
    const [routesNow, routesTorn] = readAgain(routes, sample.routes, readSeenRoutes, 'I6: the routes file')
    const [stateNow, stateTorn] = readAgain(state, sample.state, readSeenState, 'I6: the state file')
    wrong.push(...routesTorn, ...stateTorn)
    if (stateNow !== null && stateNow !== state) wrong.push(...wrongSuccession(state?.seen ?? null, stateNow.seen, unpausing))
    routes = routesNow
    state = stateNow
    if (sample.sandbox !== null) wrong.push(...wrongProcesses(sample.sandbox, routes?.seen ?? null, state?.seen ?? null))
    return wrong
  }
  return {
    judge,
    judgeSessions: ({ open, overlaps }) => [
      ...(open > 1 ? [`I2: ${open} bots have a session`] : []),
      ...(overlaps > 0 ? [`I2: ${overlaps} sessions were opened beside another one`] : []),
    ],
    judgeAnswer: (entryPoint, status) => (status === 200 ? [] : [`I1: ${entryPoint} answers ${status === 0 ? 'nothing' : String(status)}`]),
    get routes() {
      return routes?.seen ?? null
    },
    get state() {
      return state?.seen ?? null
    },
  }
}

interface Read<T> {
  readonly text: string
  readonly seen: T
}

/** The file as it is now, or as it was last whole, with what is wrong about it. One that has never been there may come later. */
function readAgain<T>(last: Read<T> | null, text: string | null, reader: (text: string) => T, what: string): [Read<T> | null, string[]] {
  if (text === null) return [last, last === null ? [] : [`${what} is gone`]]
  if (text === last?.text) return [last, []]
  try {
    return [{ text, seen: reader(text) }, []]
  } catch (error) {
    return [last, [`${what} is not whole: ${error instanceof Error ? error.message : String(error)}`]]
  }
}

function wrongSuccession(last: SeenState | null, now: SeenState, unpausing: boolean): string[] {
  const lost = unpausing ? [] : (last?.holds ?? []).filter((hold) => !now.holds.includes(hold))
  return [
    ...(last !== null && now.sequence <= last.sequence ? [`I6: the record's number went from ${last.sequence} to ${now.sequence}`] : []),
    ...(last !== null && now.epoch < last.epoch ? [`I5: the record's epoch went from ${last.epoch} to ${now.epoch}`] : []),
    ...lost.map((hold) => `I4: the hold of ${hold} went although nobody unpaused`),
    ...(!now.paused && (now.operation !== null || now.holds.length > 0) ? ['I4: the record has an open operation or a hold and does not say that rollouts are paused'] : []),
  ]
}

function wrongProcesses({ processes, botContainers }: SeenSandbox, routes: SeenRoutes | null, state: SeenState | null): string[] {
  const bots = processes.filter(({ service }) => service === bot)
  const missing = (color: string): string[] =>
    groups.map((group) => `zetherion-ai-${group}-${color}`).filter((service) => processes.every((process) => process.service !== service))
  const routed = routes === null ? [] : missing(routes.color)
  const operation = state?.operation ?? null
  const uncommitted = operation !== null && operation.phase !== 'retiring'
  return [
    ...(bots.length > 1 ? [`I2: ${bots.length} bots run: ${bots.map(({ pid }) => pid).join(', ')}`] : []),
    ...(botContainers > 1 ? [`I2: ${botContainers} containers of the bot exist`] : []),
    ...routed.map((service) => `I1: ${routes?.color} is routed and ${service} does not run`),
    ...(uncommitted ? missing(operation.fromColor).map((service) => `I3: ${operation.targetTag} is not committed (${operation.phase}) and ${service} of the old color does not run`) : []),
  ]
}
