import type { Reach } from '../rollout/context.ts'
import type { GateSettings } from '../rollout/limits.ts'
import type { ProbeAnswer, RoutesFile } from '../rollout/model.ts'
import type { Group } from '../rollout/topology.ts'
import { missingEntryPoint } from '../rollout/steps/preview.ts'
import { listed, type Check } from './check.ts'
import { notChecked, ok, warning, wrong, type Judgement } from './finding.ts'

/** What Traefik answers on the public entry points and on the internal one. */
export function trafficChecks(reach: Reach): Check[] {
  const mend = 'See that Traefik runs, and that traefik.entryPoints in config/updater.yml has the addresses at which the updater reaches it.'
  return [
    { id: 'entry_points', look: (signal) => entryPoints(reach, signal), mend },
    { id: 'previews', look: (signal) => previews(reach, signal), mend },
  ]
}

/** Nothing new was routed: only a caller who asks for it gets a new version written (POST /diagnostics). */
export const notReloaded: Judgement = notChecked('Whether Traefik takes a new version of the routes was not tried: that writes one.', 'POST /diagnostics tries it; nothing is moved by that.')

async function entryPoints({ ports, settings }: Reach, signal: AbortSignal): Promise<Judgement> {
  const { groups } = settings.topology
  if (groups.length === 0) return notChecked('The topology has no groups, so nothing is routed.')
  const answers = await Promise.all(groups.map((group) => askRouted(ports, settings.gates, group, signal)))
  const silent = answers.filter(({ answer }) => answer.status === null)
  if (silent.length > 0) return wrong(`Traefik does not answer on ${told(silent)}.`, 'See that Traefik runs, and that traefik.entryPoints in config/updater.yml has the addresses at which the updater reaches it.')
  const ill = answers.filter(({ answer }) => !answer.healthy)
  if (ill.length > 0) return wrong(`What is behind Traefik is not healthy on ${told(ill)}.`, "Look at the logs of Traefik and of the active color's containers.")
  const names = listed(groups.map(({ entryPoint }) => entryPoint))
  return judgeStamps(await ports.router.read(), answers, names)
}

/** Again and again for a while when the answer is not that of the routes file: it may have been replaced in this very moment. */
async function askRouted({ clock, probe, router }: Reach['ports'], { quickest, slowest }: GateSettings, group: Group, signal: AbortSignal): Promise<Answered> {
  for (let pause = quickest; ; pause *= 2) {
    const answer = await probe.routed(group, signal)
    const routes = await router.read()
    const isLate = routes.kind === 'routes' && answer.status !== null && answer.stamp !== routes.generation
    if (!isLate || pause > slowest) return { group, answer }
    await clock.sleep(pause, signal)
  }
}

function judgeStamps(routes: RoutesFile, answers: readonly Answered[], names: string): Judgement {
  if (routes.kind !== 'routes' || routes.generation === null) return warning(`Traefik answers on ${names}, but the routes file carries no stamp by which to tell that it follows it.`, 'The updater brings the file into its form when it takes the stack over.')
  const behind = answers.filter(({ answer }) => answer.stamp !== routes.generation)
  if (behind.length === 0) return ok(`Traefik answers on ${names} by the routes file as it stands, and what is behind it is healthy.`)
  return wrong(`Traefik does not serve what the routes file says on ${listed(behind.map(({ group }) => group.entryPoint))}.`, 'See that Traefik watches the directory of the routes file, not the file, and that this directory is mounted into it.')
}

/** Without them a release is only known to be reachable through Traefik once users are. */
async function previews({ ports, settings }: Reach, signal: AbortSignal): Promise<Judgement> {
  const { groups } = settings.topology
  const routes = await ports.router.read()
  if (groups.length === 0 || routes.kind !== 'routes') return notChecked('There is nothing routed to be previewed.')
  const missing = (await Promise.all(groups.map((group) => missingEntryPoint({ ports, signal }, group, routes.active)))).filter((why) => why !== null)
  if (missing[0] !== undefined) return warning(`Rollouts go without previews: ${missing[0]}`, 'Give Traefik the entry point internal of config/traefik/traefik.yml, restart it once, and set traefik.preview in config/updater.yml.')
  const answers = await Promise.all(groups.map(async (group) => ({ group, answer: (await ports.probe.preview(group, routes.active, signal)) ?? gone })))
  const ill = answers.filter(({ answer }) => !answer.healthy)
  if (ill.length === 0) return ok(`The internal entry point leads to ${routes.active}: releases are previewed before users are led to them.`)
  return wrong(`The internal entry point does not lead to ${routes.active}: ${told(ill)}.`, 'See that Traefik runs with the config/traefik/traefik.yml of this release; until then every rollout ends before its switch.')
}

const gone: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'it is gone' }

interface Answered {
  readonly group: Group
  readonly answer: ProbeAnswer
}

/** `skills (connection refused) and api (503 Service Unavailable)` */
function told(answers: readonly Answered[]): string {
  return listed(answers.map(({ group, answer }) => `${group.entryPoint} (${answer.detail})`))
}
