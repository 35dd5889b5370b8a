import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What the Docker level needs of a machine; the whole stack wants PostgreSQL and, for its probe, Go besides. */
export type Part = 'docker' | 'traefik' | 'compose' | 'postgres' | 'go'

const parts: readonly Part[] = ['docker', 'traefik', 'compose', 'postgres', 'go']

/** Where a part's command is, or in one sentence why it is not there and what to do. */
type PartState = { readonly ready: true; readonly path: string } | { readonly ready: false; readonly reason: string }

export type Availability = Readonly<Record<Part, PartState>>

/** Where scripts/machine is. */
export const machineScripts = fileURLToPath(new URL('../../scripts/machine/', import.meta.url))

/**
 * Looks at this machine and changes nothing (about 60 ms).
 * @throws Error naming each missing part when `ZETHERION_REQUIRE_ALL=1`, where leaving something out is forbidden
 */
export function engineAvailable(): Availability {
  const availability = look()
  const reasons = missing(availability, parts)
  if (reasons !== undefined && process.env['ZETHERION_REQUIRE_ALL'] === '1') {
    throw new Error(`ZETHERION_REQUIRE_ALL=1, but ${reasons}`)
  }
  return availability
}

/** One sentence about those of the wanted parts that are not ready, for the title or the note of a skipped test. */
export function missing(availability: Availability, wanted: readonly Part[]): string | undefined {
  const reasons = wanted.flatMap((part) => {
    const state = availability[part]
    return state.ready ? [] : [`${part} is missing: ${state.reason}`]
  })
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

function look(): Availability {
  if (process.platform !== 'linux') {
    const state: PartState = { ready: false, reason: `a private engine needs Linux, this is ${process.platform}` }
    return { docker: state, traefik: state, compose: state, postgres: state, go: state }
  }
  const check = spawnSync(`${machineScripts}prepare.sh`, ['--check'], { encoding: 'utf8', timeout: 20_000 })
  const output = `${check.error?.message ?? ''}${check.stdout ?? ''}`
  return {
    docker: stateOf('docker', output),
    traefik: stateOf('traefik', output),
    compose: stateOf('compose', output),
    postgres: stateOf('postgres', output),
    go: stateOf('go', output),
  }
}

function stateOf(part: Part, output: string): PartState {
  const line = output.split('\n').find((line) => line.startsWith(`${part} `)) ?? ''
  const ready = `${part} ready: `
  if (line.startsWith(ready)) return { ready: true, path: line.slice(ready.length) }
  return { ready: false, reason: line.slice(`${part} missing: `.length) || `prepare.sh --check did not say (${output.trim()})` }
}
