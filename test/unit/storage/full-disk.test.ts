import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('full-disk.ts', import.meta.url))
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0
const title = mayMount ? 'a disk that is really full' : 'a disk that is really full (not run: unshare --mount is not allowed here; run as root on Linux)'

describe.skipIf(!mayMount && process.env['ZETHERION_REQUIRE_ALL'] !== '1')(title, () => {
  test('leaves the record as it was, takes no new one, lets the prepared routes through, and heals with its space', async () => {
    const root = await mkdtemp(join(tmpdir(), 'zeth-full-'))
    onTestFinished(() => rm(root, { recursive: true }))
    const env = { PATH: process.env['PATH'], NODE: process.execPath, SCRIPT: script, ROOT: root }
    const command = 'mount -t tmpfs -o size=512k none "$ROOT" && exec "$NODE" --import tsx "$SCRIPT" "$ROOT"'
    const child = spawnSync('unshare', ['--mount', 'sh', '-c', command], { env, encoding: 'utf8', timeout: 20_000 })
    expect(child.stderr).toBe('')
    expect(JSON.parse(child.stdout)).toEqual({
      whenFull: {
        write: 'storage_failed', stage: 'routes_unwritable', activate: 'done', sequence: 1,
        files: ['.staging', 'routes.yml', 'updater-state.json'],
      },
      afterwards: { write: 'done', sequence: 3 },
    })
  })
})
