import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runUnderMount, titleWithMounts, withoutMounts } from './own-mounts.ts'

const script = fileURLToPath(new URL('full-disk.ts', import.meta.url))
const handScript = fileURLToPath(new URL('hand-on-full-disk.ts', import.meta.url))

describe.skipIf(withoutMounts)(titleWithMounts('a disk that is really full'), () => {
  test('fault 11: leaves the record as it was, takes no new one, lets the prepared routes through, and heals with its space', async () => {
    const root = await mkdtemp(join(tmpdir(), 'zeth-full-'))
    onTestFinished(() => rm(root, { recursive: true }))
    expect(runUnderMount('mount -t tmpfs -o size=512k none "$ROOT"', script, root)).toEqual({
      whenFull: {
        write: 'storage_failed', stage: 'routes_unwritable', activate: 'done', sequence: 1,
        files: ['.staging', 'routes.yml', 'updater-state.json'],
      },
      afterwards: { write: 'done', sequence: 3 },
    })
  })

  test('fault 11: lets a restarted updater take over all the same, so that it can bring the traffic back', async () => {
    const root = await mkdtemp(join(tmpdir(), 'zeth-full-'))
    onTestFinished(() => rm(root, { recursive: true }))
    const mount = 'truncate --size=4M "$ROOT.img" && mkfs.ext4 -q "$ROOT.img" && mount -o loop "$ROOT.img" "$ROOT" && rm "$ROOT.img"'
    expect(runUnderMount(mount, handScript, root)).toBe('taken and given back')
  })
})
