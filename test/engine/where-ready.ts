import { describe, it } from 'vitest'
import { engineAvailable, missing, type Availability, type Part } from './availability.ts'

/** What containers behind a Traefik need of a machine. */
export const wholeEngine = ['docker', 'traefik', 'compose'] as const satisfies readonly Part[]

/**
 * A group of tests for machines that have these parts. Where one is missing the reason is printed in their place.
 * @throws Error instead, when `ZETHERION_REQUIRE_ALL=1`
 */
export function describeWhereReady(title: string, wanted: readonly Part[], tests: (availability: Availability) => void): void {
  const availability = engineAvailable()
  const reason = missing(availability, wanted)
  if (reason === undefined) {
    describe(title, () => tests(availability))
    return
  }
  describe.skip(`${title} (not run: ${reason})`, () => {
    it(`needs ${wanted.join(', ')}`, () => undefined)
  })
}
