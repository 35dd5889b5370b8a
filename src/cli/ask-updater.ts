import { Ajv } from 'ajv'
import * as Type from 'typebox'
import type { Static } from 'typebox'
import { checkIds, verdicts, type Finding } from '../diagnosis/finding.ts'
import { sentenceOf } from '../rollout/errors.ts'

/** As much of `GET /diagnostics` as is told; a newer updater may say more. */
const Answer = Type.Object({
  active_color: Type.Union([Type.String(), Type.Null()]),
  active: Type.Union([Type.Object({ tag: Type.String() }), Type.Null()]),
  paused: Type.Boolean(),
  pause_reason: Type.Union([Type.String(), Type.Null()]),
  checks: Type.Array(Type.Object({
    id: Type.String(), verdict: Type.Enum([...verdicts]), found: Type.String(), advice: Type.Union([Type.String(), Type.Null()]),
  })),
})
const Problem = Type.Object({ code: Type.String(), error: Type.String() })

/** What serves now, as far as it is known. */
export interface Serving {
  readonly color: string | null
  readonly release: string | null
  /** Why rollouts are paused; null: they are not. */
  readonly pauseReason: string | null
}

export type Reply =
  | { readonly kind: 'told'; readonly findings: readonly Finding[]; readonly serving: Serving }
  /** It answers, but not this: the secret is wrong, an operation is open. */
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }
  /** Nobody answers there. */
  | { readonly kind: 'silent'; readonly why: string }

/**
 * Asks the updater for its diagnostics once.
 * @param method POST has it write the routes anew
 */
export async function askUpdater(url: string, secret: string, method: 'GET' | 'POST', signal: AbortSignal): Promise<Reply> {
  // Node's own error would repeat it.
  if (!/^[\x20-\x7e\x80-\xff]*$/.test(secret)) return { kind: 'refused', code: 'unusable_secret', why: 'The secret holds characters that no header can carry; make a new one.' }
  let status: number
  let body: unknown
  try {
    // The secret is not carried on to wherever an answer points.
    const answer = await fetch(new URL('/diagnostics', url), { method, headers: { 'x-updater-secret': secret }, redirect: 'error', signal })
    status = answer.status
    body = await answer.json().catch(() => null)
  } catch (error) {
    return { kind: 'silent', why: reasonOf(error) }
  }
  const ajv = new Ajv()
  const isAnswer = ajv.compile<Static<typeof Answer>>(Answer)
  if (status === 200 && isAnswer(body)) return told(body)
  const isProblem = ajv.compile<Static<typeof Problem>>(Problem)
  if (isProblem(body)) return { kind: 'refused', code: body.code, why: body.error }
  return { kind: 'refused', code: 'not_understood', why: `What answers at ${url} is no updater of this version (HTTP ${status}).` }
}

function told(body: Static<typeof Answer>): Reply {
  const findings = body.checks.flatMap(({ id, ...judgement }) => {
    // One of a newer updater is nothing that this version could explain.
    const check = checkIds.find((known) => known === id)
    return check === undefined ? [] : [{ check, ...judgement }]
  })
  return { kind: 'told', findings, serving: { color: body.active_color, release: body.active?.tag ?? null, pauseReason: body.paused ? body.pause_reason : null } }
}

/** Node wraps what happened: `fetch failed`, because of `connect ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && cause.message !== '' ? cause.message : sentenceOf(error)
}
