import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demo, limit, unmet } from '../demo/run-demo.ts'
import { engineAvailable, missing } from '../engine/availability.ts'
import { startEngine, type Engine } from '../engine/engine.ts'

const reason = missing(engineAvailable(), ['docker', 'traefik', 'compose'])
const title = reason === undefined ? 'npm run demo -- --docker' : `npm run demo -- --docker is not run: ${reason}`

describe.skipIf(reason !== undefined)(title, () => {
  let engine: Engine

  beforeAll(async () => {
    engine = await startEngine()
  })
  afterAll(() => engine.stop())

  it('tells the same story on a real engine with a real Traefik, with no request failed and never two bots', { timeout: limit }, async () => {
    const { code, stdout } = await demo('--docker', { ...engine.env })

    expect(unmet(stdout), stdout).toEqual([])
    expect(stdout).toMatch(/✓ All \d+ expectations held\. [\d,]+ requests sent, 0 failed\./)
    expect(stdout).toContain('never two bots: 0 overlaps')
    expect(stdout).toMatch(/^ {2}result +success +failed +failed +rolled_back +failed +success +success$/m)
    expect(code).toBe(0)
  })
})
