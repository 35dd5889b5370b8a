import { expect, test } from 'vitest'
import { playWithLightSignals } from '../light-signals.ts'
import { play } from './play.ts'
import type { Setting } from './schedule.ts'

playWithLightSignals()

const setting: Setting = {
  topology: 'usual', kinds: ['good', 'good'], labelled: true, color: 'green', previews: true, healthCheckOfSingletons: true, pauseOnFailure: true,
  restartsAfter: 100, upgradesAtTheEnd: false,
}

test.each([true, false])('the traffic moved by hand back to the old color leaves the bot of the new release beside it: a release applied ends that (images that tell their commit: %s)', async (labelled) => {
  const { broken, marks } = await play({
    setting: { ...setting, labelled },
    lags: [],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.2.0' } },
      { wait: { for: 'idle' }, move: { do: 'somebody', command: 'compose up' } },
      { wait: { for: 'time', milliseconds: 1_000 }, move: { do: 'route by hand', color: 'green' } },
    ],
  })
  expect(broken, broken ?? '').toBeNull()
  expect(marks).toContain('row R14')
})

test('a daemon that is stopped in its write hears of it when another one has taken over and written: the later record is there in its place, and nothing is lost', async () => {
  const { broken, story } = await play({
    setting: { ...setting, labelled: false, pauseOnFailure: false, restartsAfter: 30_000 },
    lags: [],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.2.0' } },
      { wait: { for: 'effects', count: 6 }, move: { do: 'power cut', survives: 'some' } },
      { wait: { for: 'phase', phase: 'undo' }, move: { do: 'stale answer', on: 'files.read', nth: 1 } },
      { wait: { for: 'time', milliseconds: 10 }, move: { do: 'freeze', lasts: 500 } },
    ],
  })
  expect(broken, broken ?? '').toBeNull()
  expect(story.at(-1)).toContain('another daemon takes over')
})
