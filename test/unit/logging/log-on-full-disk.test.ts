import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

test.skipIf(process.platform !== 'linux')('fault 44: a log on a full disk neither ends the process nor grows in its memory (Linux only: /dev/full)', () => {
  expect(logTo('/dev/full', constants.O_WRONLY)).toEqual({ status: 0, stderr: '{"alive":true,"bounded":true}' })
})

test.skipIf(process.platform !== 'linux')('fault 22: a log that nobody reads, since the engine that would hangs, does not hang the process too (Linux only: /proc)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'unread-log-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const pipe = join(directory, 'stdout')
  expect(spawnSync('sh', ['-c', 'mkfifo "$0"', pipe]).status).toBe(0)
  // Open on both sides, and never read.
  expect(logTo(pipe, constants.O_RDWR)).toEqual({ status: 0, stderr: '{"alive":true,"bounded":true}' })
})

function logTo(path: string, flags: number): { readonly status: number | null; readonly stderr: string } {
  const stdout = openSync(path, flags)
  onTestFinished(() => closeSync(stdout))
  const script = fileURLToPath(new URL('log-on-full-disk.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8', timeout: 25_000 })
  return { status, stderr }
}
