import type { Context } from '../context.ts'
import { sentenceOf } from '../errors.ts'
import { changeOperation } from '../journal.ts'
import type { Generations, Phase } from '../model.ts'
import { withCompleted } from '../plan.ts'

/**
 * One or more steps with an effect: the intent is durable before it, the outcome after it (I7). Several names share one
 * effect where one call does them side by side.
 */
export async function effect(context: Context, names: readonly string[], run: () => Promise<void>): Promise<void> {
  context.signal.throwIfAborted()
  await context.journal.commit(changeOperation((operation) => ({ ...operation, step: names.join(', ') })))
  context.ports.authority.check()
  await timed(context, names, run)
  await context.journal.commit(completed(names))
}

/** A step that only looks, and may refuse: it needs no intent, and that it passed is written with the next effect. */
export async function gate(context: Context, name: string, run: () => Promise<void>): Promise<void> {
  context.signal.throwIfAborted()
  await timed(context, [name], run)
  await context.journal.remember(completed([name]))
}

/** Moves the operation to its next phase, durably, with whatever that phase needs to be undone. */
export async function enterPhase(context: Context, phase: Phase, needed: { generations?: Generations } = {}): Promise<void> {
  context.signal.throwIfAborted()
  await context.journal.commit(changeOperation((operation) => ({ ...operation, ...needed, phase })))
  context.tell({ kind: 'phase', step: null, message: phase, durationMs: null })
}

function completed(names: readonly string[]): ReturnType<typeof changeOperation> {
  return changeOperation((operation) => ({
    ...operation,
    stepsCompleted: withCompleted(operation.stepsCompleted, names, operation.topology, operation.targetColor),
  }))
}

async function timed(context: Context, names: readonly string[], run: () => Promise<void>): Promise<void> {
  const { clock } = context.ports
  const begun = clock.monotonic()
  for (const step of names) context.tell({ kind: 'step_started', step, message: step, durationMs: null })
  try {
    await run()
  } catch (error) {
    for (const step of names) context.tell({ kind: 'step_failed', step, message: sentenceOf(error), durationMs: clock.monotonic() - begun })
    throw error
  }
  for (const step of names) context.tell({ kind: 'step_completed', step, message: step, durationMs: clock.monotonic() - begun })
}
