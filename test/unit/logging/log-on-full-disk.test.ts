import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'

test.skipIf(process.platform !== 'linux')('fault 44: a log on a full disk neither ends the process nor grows in its memory (Linux only: /dev/full)', () => {
  expect(logTo('/dev/full', constants.O_WRONLY)).toEqual({ status: 0, stderr: '{"alive":true,"bounded":true}' })
})

test.skipIf(process.platform !== 'linux')('fault 22: a log that nobody reads, since the engine that would hangs, does not hang the process too (Linux only: /proc)', () => {
  // Open on both sides, and never read.
  expect(logTo(pipeOf(), constants.O_RDWR)).toEqual({ status: 0, stderr: '{"alive":true,"bounded":true}' })
})

test.skipIf(process.platform !== 'linux')('fault 22: what waited comes in its order as soon as somebody reads again, although nothing more is told (Linux only: /proc)', async () => {
  const path = pipeOf()
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(reading))
  const child = spawn('sh', ['-c', 'exec "$0" --import tsx "$1" >"$2"', process.execPath, fileURLToPath(new URL('log-that-waits.ts', import.meta.url)), path])
  onTestFinished(() => { child.kill() })
  await once(child.stderr, 'data')
  let read = ''
  await vi.waitUntil(() => {
    read += whatIsThere(reading)
    return read.endsWith('"msg":"line 200"}\n')
  }, { timeout: 15_000, interval: 20 })
  expect(read.match(/"msg":"line \d+"/g)).toEqual(Array.from({ length: 200 }, (_, line) => `"msg":"line ${line + 1}"`))
})

function pipeOf(): string {
  const directory = mkdtempSync(join(tmpdir(), 'unread-log-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const pipe = join(directory, 'stdout')
  expect(spawnSync('sh', ['-c', 'mkfifo "$0"', pipe]).status).toBe(0)
  return pipe
}

function whatIsThere(pipe: number): string {
  const bytes = Buffer.alloc(1 << 20)
  try {
    return bytes.toString('utf8', 0, readSync(pipe, bytes))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return ''
    throw error
  }
}

function logTo(path: string, flags: number): { readonly status: number | null; readonly stderr: string } {
  const stdout = openSync(path, flags)
  onTestFinished(() => closeSync(stdout))
  const script = fileURLToPath(new URL('log-on-full-disk.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8', timeout: 25_000 })
  return { status, stderr }
}
