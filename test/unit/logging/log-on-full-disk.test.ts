import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

test.skipIf(process.platform !== 'linux')('fault 44: a log on a full disk neither ends the process nor grows in its memory (Linux only: /dev/full)', () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const script = fileURLToPath(new URL('log-on-full-disk.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8', timeout: 25_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '{"alive":true,"bounded":true}' })
})
