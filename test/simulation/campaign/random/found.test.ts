import { expect, test } from 'vitest'
import { playWithLightSignals } from '../light-signals.ts'
import { play } from './play.ts'
import type { Schedule } from './schedule.ts'

playWithLightSignals()

/** What a campaign once called a broken rule and is none, as it was played. */
const found: readonly (readonly [what: string, schedule: Schedule])[] = [
  [`a container that somebody's compose up created after the last look is replaced by Compose`, {
    setting: { topology: 'usual', kinds: ['good', 'build hangs'], labelled: false, color: 'blue', previews: true, healthCheckOfSingletons: false, pauseOnFailure: false, restartsAfter: 100, upgradesAtTheEnd: true },
    lags: [12, 4, 56, 48, 43, 58, 29, 8],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.1.0' } },
      { wait: { for: 'phase', phase: 'switching' }, move: { do: 'somebody', command: 'compose up' } },
      { wait: { for: 'phase', phase: 'swapping' }, move: { do: 'stale answer', on: null, nth: 5 } },
    ],
  }],
  ['a bot that is down is brought back to its end while the new color serves, though the old one gets well meanwhile', {
    setting: { topology: 'twoOfEach', kinds: ['bot never healthy', 'good'], labelled: false, color: 'blue', previews: false, healthCheckOfSingletons: true, pauseOnFailure: true, restartsAfter: 100, upgradesAtTheEnd: false },
    lags: [18, 49, 48, 21, 0, 53, 51, 9],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.1.0' } },
      { wait: { for: 'phase', phase: 'swapping' }, move: { do: 'stop', what: 'blue' } },
      { wait: { for: 'effects', count: 10 }, move: { do: 'route by hand', color: 'blue' } },
      { wait: { for: 'idle' }, move: { do: 'apply', tag: 'v1.1.0' } },
      { wait: { for: 'phase', phase: 'swapping' }, move: { do: 'fault', kind: 'fails', on: null, nth: 7 } },
    ],
  }],
  ['a container that was rightly stopped may end when the daemon that asked for it has lost its lock', {
    setting: { topology: 'usual', kinds: ['good', 'good'], labelled: true, color: 'blue', previews: false, healthCheckOfSingletons: true, pauseOnFailure: false, restartsAfter: 30_000, upgradesAtTheEnd: false },
    lags: [1, 24, 30],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.2.0' } },
      { wait: { for: 'phase', phase: 'retiring' }, move: { do: 'freeze', lasts: 20_000 } },
      { wait: { for: 'phase', phase: 'retiring' }, move: { do: 'fault', kind: 'takes effect late', on: null, nth: 1 } },
      { wait: { for: 'nothing' }, move: { do: 'fault', kind: 'fails', on: null, nth: 15 } },
      { wait: { for: 'idle' }, move: { do: 'apply', tag: 'v1.1.0' } },
      { wait: { for: 'effects', count: 6 }, move: { do: 'roll back' } },
      { wait: { for: 'effects', count: 8 }, move: { do: 'freeze', lasts: 500 } },
    ],
  }],
  [`a color may be replaced by somebody's compose up between the last look at it and the rename`, {
    setting: { topology: 'usual', kinds: ['good', 'good'], labelled: false, color: 'blue', previews: true, healthCheckOfSingletons: true, pauseOnFailure: true, restartsAfter: 3_000, upgradesAtTheEnd: false },
    lags: [14, 32, 28, 33, 18, 20],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.2.0' } },
      { wait: { for: 'time', milliseconds: 1_000 }, move: { do: 'somebody', command: 'compose up' } },
      { wait: { for: 'nothing' }, move: { do: 'stale answer', on: null, nth: 36 } },
      { wait: { for: 'effects', count: 23 }, move: { do: 'route by hand', color: 'blue' } },
      { wait: { for: 'phase', phase: 'retiring' }, move: { do: 'stale answer', on: null, nth: 24 } },
      { wait: { for: 'idle' }, move: { do: 'apply', tag: 'v1.2.0' } },
    ],
  }],
  ['a look for releases whose write hung takes one on when all seemed at rest', {
    setting: { topology: 'usual', kinds: ['good', 'exits'], labelled: true, color: 'green', previews: true, healthCheckOfSingletons: true, pauseOnFailure: true, restartsAfter: 3_000, upgradesAtTheEnd: true },
    lags: [],
    turns: [
      { wait: { for: 'nothing' }, move: { do: 'apply', tag: 'v1.1.0' } },
      { wait: { for: 'idle' }, move: { do: 'poll' } },
      { wait: { for: 'nothing' }, move: { do: 'fault', kind: 'fails', on: null, nth: 6 } },
      { wait: { for: 'phase', phase: 'switching' }, move: { do: 'fault', kind: 'crash during', on: null, nth: 6 } },
      { wait: { for: 'nothing' }, move: { do: 'fault', kind: 'fails', on: 'files.syncDirectory', nth: 34 } },
      { wait: { for: 'phase', phase: 'undo' }, move: { do: 'fault', kind: 'hangs', on: null, nth: 0 } },
    ],
  }],
]

test.each(found)('%s', async (_what, schedule) => {
  const { broken } = await play(schedule)
  expect(broken, broken ?? '').toBeNull()
})
