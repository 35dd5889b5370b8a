import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { runInOwnMounts, titleWithLoopDevices, withoutLoopDevices } from '../../power/own-namespace.ts'
import { at } from './waiting.ts'

describe.skipIf(withoutLoopDevices)(titleWithLoopDevices('a daemon whose routes cannot be replaced by a rename'), () => {
  let told: unknown
  beforeAll(async () => {
    told = await runInOwnMounts(fileURLToPath(new URL('misplaced-routes-story.ts', import.meta.url)), 5 * 60_000)
  }, 6 * 60_000)

  test.for([
    ['the staging directory is on another mount', 'watchedDirectory', /\.staging is on another mount than .*put both under one mount\./],
    ['the routes file is itself a mount', 'routesFile', /updater-routes\.yml is itself a mount and cannot be replaced; mount its directory/],
  ] as const)('fault 33: where %s only observes, says why and what to do, refuses every change and makes none', ([, story, why]) => {
    const seen = at(told, story)
    expect(seen).toMatchObject({ health: 200, observing: expect.stringMatching(why) })
    for (const change of ['apply', 'rollback', 'unpause']) expect(at(seen, change)).toMatchObject({ status: 503, body: { error: expect.stringMatching(why) } })
    expect(at(seen, 'before', 'routes')).toContain('# by hand')
    expect(at(seen, 'after')).toEqual(at(seen, 'before'))
  })

  test('takes the very same release once that is mended, after a restart', () => {
    expect(at(told, 'mended')).toMatchObject({ status: 200, body: { status: 'success', active_color: 'green' } })
  })
})
