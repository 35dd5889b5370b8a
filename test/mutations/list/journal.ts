import type { Mutation } from '../mutation.ts'

const journal = 'src/rollout/journal.ts'
const engine = 'src/rollout/engine.ts'

/** The record in memory, the limits of calls, and the right to act. */
export const journalMutations: readonly Mutation[] = [
  {
    name: 'the sequence number is not raised', file: journal,
    text: 'Math.max(changed.sequence, this.#record.sequence) + 1', instead: 'Math.max(changed.sequence, this.#record.sequence)',
  },
  {
    name: 'the number of a write that failed is given again', file: journal,
    text: '        this.#record = { ...this.#record, sequence: next.sequence }\n', instead: '',
  },
  {
    name: 'a commit whose write was reported as failed counts as failed', file: journal,
    text: 'this.#undetermined ||= next.activeColor !== this.#record.activeColor', instead: 'this.#undetermined = false',
  },
  {
    name: 'a commit whose write was reported as failed counts as written', file: journal,
    text: '        this.#record = { ...this.#record, sequence: next.sequence }\n        throw storageFailure(error)', instead: '        this.#record = next\n        return',
  },
  { name: 'what could not be written is not written later', file: journal, text: '    if (this.#unsaved) await this.commit((record) => record)', instead: '    this.#unsaved = false' },
  {
    name: 'routes carry the number of a record that is not on the disk', file: journal,
    text: '    return this.#durableSequence\n', instead: '    return this.#record.sequence + 1\n',
  },
  {
    name: 'changes of the record are made side by side', file: 'src/rollout/one-at-a-time.ts',
    text: 'const result = last.then(work)', instead: 'const result = work()',
  },
  {
    name: 'a call to the engine has no limit', file: engine,
    text: "  return within(context.ports.clock, { name: 'engineCall', milliseconds: context.settings.limits.engineCall }, what, signal, body)", instead: '  return body(signal)',
  },
  {
    name: 'a stop has no limit', file: engine,
    text: 'await within(context.ports.clock, limit, `Stopping ${container.service}`, context.effects, (signal) =>\n    context.ports.runtime.stop(container.id, limits.stop, signal),\n  )',
    instead: 'await context.ports.runtime.stop(container.id, limits.stop, context.effects)',
  },
  {
    name: 'containers are removed and tagged without the lock', file: engine,
    text: "  context.ports.authority.check()\n  return engineCall(context, what, context.effects, body)", instead: '  return engineCall(context, what, context.effects, body)',
  },
  {
    name: 'containers are created without the lock', file: 'src/rollout/steps/standby.ts',
    text: '  context.ports.authority.check()\n', instead: '',
  },
  { name: 'routes go back without the lock', file: 'src/rollout/steps/switch-routes.ts', text: "  const { generations, topology, fromColor } = context.journal.operation\n  context.ports.authority.check()\n", instead: "  const { generations, topology, fromColor } = context.journal.operation\n" },
  { name: 'a step begins without the lock', file: 'src/rollout/steps/step.ts', text: '  context.ports.authority.check()\n', instead: '' },
  {
    name: 'a daemon that lost its lock goes on', file: 'src/updater/flights.ts',
    text: '    if (isLost(error)) authorityLost(error)', instead: '    void error',
  },
  { name: 'work that runs side by side is not waited for when one part fails', file: 'src/rollout/side-by-side.ts', text: 'await Promise.allSettled(', instead: 'await Promise.race(' },
]
