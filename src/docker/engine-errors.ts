import { UpdaterError } from '../rollout/errors.ts'

const unreachable = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES', 'EPERM', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT'])

/** What dockerode threw, as an error of ours: the engine is not there, or it is and refused. */
export function engineError(dockerHost: string, what: string, error: unknown): UpdaterError {
  if (error instanceof UpdaterError) return error
  const code = fieldOf(error, 'code')
  if (typeof code === 'string' && unreachable.has(code)) {
    return new UpdaterError('engine_unreachable', `Docker does not answer at ${dockerHost} (${code}): could not ${what}. Start the engine, or mount its socket.`, { cause: error })
  }
  return new UpdaterError('engine_failed', `Docker could not ${what}: ${answerOf(error)}.`, { cause: error })
}

/** HTTP status with which the engine refused a call; null for every other failure. */
export function statusOf(error: unknown): number | null {
  const cause = error instanceof UpdaterError ? error.cause : error
  const status = fieldOf(cause, 'statusCode')
  return typeof status === 'number' ? status : null
}

/** Settles as undefined where the engine answered with one of these statuses. */
export async function unless<T>(statuses: readonly number[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const status = statusOf(error)
    if (status !== null && statuses.includes(status)) return undefined
    throw error
  }
}

/** The engine's own words, without dockerode's frame around them. */
function answerOf(error: unknown): string {
  const json = fieldOf(error, 'json')
  const message = fieldOf(json, 'message')
  if (typeof message === 'string') return message.trim().replace(/\.$/, '')
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\.$/, '')
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
