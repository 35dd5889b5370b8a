import { composeDependsOnLabel, composeServiceLabel } from '../labels.ts'

/** What the engine lists of a container, as far as it is needed here. */
export interface ListedContainer {
  readonly State: string
  /** In words: `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`. */
  readonly Status: string
  readonly Labels: Readonly<Record<string, string>>
}

/**
 * Services for which Compose still waits before it starts this container: it was created by an `up` that is under way, and
 * what it depends on is not as far. Only version 2 creates before it waits, and notes the conditions in a label.
 * @param project every container of the project
 */
export function awaitedBy(container: ListedContainer, project: readonly ListedContainer[]): string[] {
  if (container.State !== 'created') return []
  return (container.Labels[composeDependsOnLabel] ?? '').split(',').flatMap((dependency) => {
    // `service:condition:restart`
    const [service = '', condition = ''] = dependency.split(':')
    if (service === '') return []
    const reached = project.some((other) => other.Labels[composeServiceLabel] === service && hasReached(other, condition))
    return reached ? [] : [service]
  })
}

function hasReached({ State, Status }: ListedContainer, condition: string): boolean {
  if (condition === 'service_healthy') return State === 'running' && Status.includes('(healthy)')
  if (condition === 'service_completed_successfully') return State === 'exited' && Status.startsWith('Exited (0)')
  return State === 'running'
}
