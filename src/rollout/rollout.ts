import { closeFinished } from './closing.ts'
import { withSignal, type Context } from './context.ts'
import { sideBySide } from './side-by-side.ts'
import { build } from './steps/build.ts'
import { commit } from './steps/commit.ts'
import { checkOut, fetchRelease } from './steps/fetch.ts'
import { preflight } from './steps/preflight.ts'
import { letGo } from './steps/let-go.ts'
import { checkPreviews } from './steps/preview.ts'
import { drain, stopOldColor, updateTree } from './steps/retire.ts'
import { replaceSingletons } from './steps/singleton.ts'
import { checkDirectly, startStandby } from './steps/standby.ts'
import { enterPhase } from './steps/step.ts'
import { checkRouted, confirmGeneration, switchRoutes } from './steps/switch-routes.ts'
import { withBudget } from './within.ts'

/**
 * Makes the open operation's target active. When it returns, the commit point is behind and only `retire` is left; when
 * it throws, everything is to be undone (undo.ts).
 */
export async function rollOut(context: Context): Promise<void> {
  await prepareWithinBudget(context)

  await switchRoutes(context)
  await checkRouted(context)

  await enterPhase(context, 'swapping')
  await replaceSingletons(context)

  await commit(context)
}

/** After the commit point there is only forward: the old color goes, the operator's tree follows meanwhile. Repeated until it succeeds. */
export async function retire(context: Context): Promise<void> {
  await sideBySide(context, [leaveOldColor, updateTree], (together, part) => part(together))
  await closeFinished(context)
}

async function leaveOldColor(context: Context): Promise<void> {
  const { generation } = context.journal.record
  if (generation !== null) await confirmGeneration(context, context.journal.operation.topology, generation)
  await drain(context)
  await stopOldColor(context)
}

async function prepareWithinBudget(context: Context): Promise<void> {
  const budget = { name: 'beforeSwitch', milliseconds: context.settings.limits.beforeSwitch }
  await withBudget(context.ports.clock, budget, 'Everything before the switch', context.signal, (signal) => prepare(withSignal(context, signal)))
}

async function prepare(context: Context): Promise<void> {
  await fetchRelease(context)
  await checkOut(context)
  await preflight(context)
  await build(context)
  const { topology, targetColor } = context.journal.operation
  await letGo(context, topology, targetColor)
  await startStandby(context)
  await checkDirectly(context)
  await checkPreviews(context)
}
