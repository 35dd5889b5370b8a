import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { tellFigure } from '../reporting/figures.ts'
import { at } from '../sandbox/daemon/waiting.ts'
import { runInOwnMounts, titleWithLoopDevices, withoutLoopDevices } from './own-namespace.ts'

describe.skipIf(withoutLoopDevices)(titleWithLoopDevices('a daemon whose state directory is on a disk that fails it'), () => {
  let told: unknown
  beforeAll(async () => {
    told = await runInOwnMounts(fileURLToPath(new URL('state-disk-stories.ts', import.meta.url)), 10 * 60_000)
  }, 11 * 60_000)

  test.for([
    ['fault 11: full before a rollout, refuses it with a clear error, changes nothing, and takes it with room again', 'fullBefore'],
    ['fault 11: full while a rollout is prepared, ends it there with a clear error on the disk, changes nothing, and takes it with room again', 'fullWhilePreparing'],
    ['fault 11: full between the switch and the commit, has the traffic back, and holds with a clear error that is on the disk', 'fullWithReserve'],
    ['fault 11: full, with the space kept in reserve gone as well, has the traffic back by the prepared rename, and heals', 'fullWithoutReserve'],
    ['fault 13: read-only before a rollout, refuses it and changes nothing', 'readOnlyBefore'],
    ['fault 13: read-only between the switch and the commit, tells loudly, and goes back when it can', 'readOnlyAfterSwitch'],
  ] as const)('%s', ([, story]) => {
    expect(at(told, story)).toBe('as it should be')
  })

  test('all of this failed no request', (context) => {
    tellFigure(context, { name: 'requests under load', value: Number(at(told, 'sent')), together: 'sum' })
    tellFigure(context, { name: 'failed requests under load', value: Number(at(told, 'failed')), together: 'sum' })
    expect(at(told, 'failed')).toBe(0)
  })
})
