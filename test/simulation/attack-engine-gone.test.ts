import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { ask } from './operator.ts'
import { World } from './world/world.ts'

test.each(['good', 'broken when routed', 'bot dies'] as const)('wherever the engine goes away for a while in a rollout of a release that is %s, no rule is broken and it heals', async (kind) => {
  for (let at = 0; ; at += 1) {
    for (const how of ['refuses', 'hangs'] as const) {
      const world = new World({ releases: { 'v1.1.0': kind } })
      await world.start()
      const { engine, effects } = world.stack
      const first = effects.done.length
      let gone = false
      effects.interference = (effect, run) => {
        if (effect.index === first + at) {
          gone = true
          if (how === 'hangs') engine.hangs = true
          else engine.fault = 'connect ENOENT'
        }
        return run()
      }
      const started = await world.run(ask(world, 'v1.1.0'))
      await world.drive(started.outcome)
      if (!gone) return
      await world.pass(100_000)
      engine.fault = null
      engine.hangs = false
      await world.run(started.finished)
      await settle(world)
      expect(world.stack.engine.of('bot'), `gone at ${at}, it ${how}`).toHaveLength(1)
      if (kind === 'good') expect(world.updater.status().quarantine, `gone at ${at}, it ${how}`).toEqual([])
    }
  }
})
