import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runInOwnMounts, titleWithLoopDevices, withoutLoopDevices } from './own-namespace.ts'

test.skipIf(withoutLoopDevices)(titleWithLoopDevices("faults 6, 11, 13, 25: a daemon that was started over a full or read-only state directory knows a release's compose files, without git too"), async () => {
  const asked = 'engine_unreachable'
  const all = { checked: asked, unchecked: asked, withoutGit: asked }
  expect(await runInOwnMounts(fileURLToPath(new URL('way-back-looks.ts', import.meta.url)), 60_000)).toEqual({ full: all, readOnly: all })
})
