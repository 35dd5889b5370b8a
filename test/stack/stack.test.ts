import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Endings } from '../../demo/stack/whole-or-nothing.ts'
import { engineAvailable, missing } from '../engine/availability.ts'
import { bothColors } from './chapters/both-colors.ts'
import { comebacks } from './chapters/comebacks.ts'
import { doctorInside } from './chapters/doctor.ts'
import { comingToRest, firstStart } from './chapters/first-start.ts'
import { operatingAll, operatingOne, takenDown } from './chapters/operating.ts'
import { dualOllama } from './chapters/ollama.ts'
import { rollouts } from './chapters/rollout.ts'
import type { Scene } from './chapters/scene.ts'
import { behindSocketProxy } from './chapters/socket-proxy.ts'
import { buildProbe } from './harness/inside.ts'
import { prepareWholeStack } from './harness/whole-stack.ts'
import { evidence } from './statements/evidence.ts'
import { statements } from './statements/statements.ts'
import { shownBy } from './statements/titles.ts'

const reason = missing(engineAvailable(), ['docker', 'traefik', 'compose', 'postgres', 'go'])
const title = 'the whole stack of docker-compose.yml, as it is'

/** One bring-up, many tests, told in their order: each leaves the stack as the next one expects it. */
describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (not run: ${reason})`, { timeout: 120_000 }, () => {
  const endings: Endings = []
  const passed = new Set<string>()
  let scene: Scene | undefined
  const here = (): Scene => {
    if (scene === undefined) throw new Error('the stack was not prepared')
    return scene
  }

  beforeAll(async () => {
    const probe = await buildProbe()
    endings.push(() => rm(probe))
    const stack = await prepareWholeStack()
    endings.push(() => stack.close())
    scene = { stack, probe }
  }, 10 * 60_000)
  let started = true
  beforeEach(() => {
    if (!started) throw new Error('told no further: the stack did not start, see the first test')
  })
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') passed.add(task.name)
    else if (task.name === shownBy.startOrder) started = false
  })
  afterAll(async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }, 180_000)

  firstStart(here)
  operatingOne(here)
  dualOllama(here)
  comingToRest(here)
  doctorInside(here)
  bothColors(here)
  rollouts(here)
  operatingAll(here)
  comebacks(here)
  behindSocketProxy(here)
  takenDown(here)

  it('docs/stack.md has a row for each statement of the seeds, and each test that it names has passed here', async () => {
    const unproven = statements.flatMap(({ shown }) => shown).filter(({ kind, title }) => kind === 'engine' && !passed.has(title)).map(({ title }) => title)
    expect([...new Set(unproven)], 'named and not passed').toEqual([])
    await expect(evidence(statements)).toMatchFileSnapshot('../../docs/stack.md')
  })
})
