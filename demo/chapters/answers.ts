import type { Stage } from '../stage.ts'

/** The updater's status, as its API tells it. */
export async function statusOf(stage: Stage): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await stage.stack.updater.get('/status')
  return body
}

/** The services that run now, without the stack's name before them, sorted. */
export async function runningServices({ stack }: Stage): Promise<string[]> {
  const { containers } = (await stack.updater.get('/diagnostics')).body
  if (!Array.isArray(containers)) throw new Error('GET /diagnostics tells of no containers')
  return containers.map(running).filter((service) => service !== null).sort()
}

/** What must run when one color serves and nothing else is left. */
export function servicesOn(color: unknown): string[] {
  return [`api-${String(color)}`, 'bot', `skills-${String(color)}`]
}

/** First sentence or line of what an operator is told; the rest is in the log. */
export function shortly(text: unknown): string {
  const [line = ''] = String(text).split('\n')
  const [sentence = line] = line.split(/(?<=\.) (?=[A-Z])/)
  return sentence.length > 150 ? `${sentence.slice(0, 149)}…` : sentence
}

function running(container: unknown): string | null {
  if (typeof container !== 'object' || container === null || !('service' in container) || !('state' in container)) return null
  return container.state === 'running' ? String(container.service).replace('zetherion-ai-', '') : null
}
