import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pairings } from './pairings.ts'
import type { Scenario } from './scenarios.ts'

const here = new URL('./', import.meta.url)
const files = readdirSync(here)

describe('all pairs of two faults are played', () => {
  test('in every scenario that any file of scenarios has, each once', async () => {
    const known = new Set<Pick<Scenario, 'name'>>()
    for (const file of files.filter((name) => /^scenarios.*\.ts$/.test(name))) {
      const module: Readonly<Record<string, unknown>> = await import(new URL(file, here).href)
      for (const scenario of Object.values(module).flat().filter(isScenario)) known.add(scenario)
    }
    const paired = Object.values(pairings).flat()
    expect(known.size).toBeGreaterThan(40)
    expect([...known].filter((scenario) => !paired.some((one) => one === scenario)).map(({ name }) => name)).toEqual([])
    expect(new Set(paired.map(({ name }) => name)).size).toBe(paired.length)
  })

  test('by a file for each group of them', () => {
    const playing = files.filter((name) => /^pairs-.*\.test\.ts$/.test(name))
    expect(playing.toSorted()).toEqual(Object.keys(pairings).map((name) => `pairs-${name}.test.ts`).toSorted())
    for (const name of Object.keys(pairings)) expect(readFileSync(new URL(`pairs-${name}.test.ts`, here), 'utf8')).toContain(`testPairs('${name}')`)
  })
})

function isScenario(value: unknown): value is Pick<Scenario, 'name'> {
  return typeof value === 'object' && value !== null && 'name' in value && 'begin' in value && 'act' in value
}
