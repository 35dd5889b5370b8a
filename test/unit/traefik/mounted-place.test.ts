import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runUnderMount, titleWithMounts, withoutMounts } from '../storage/own-mounts.ts'

const script = fileURLToPath(new URL('mounted-place.ts', import.meta.url))

describe.skipIf(withoutMounts)(titleWithMounts('the routes file on real mounts'), () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zeth-mounts-'))
    for (const name of ['dynamic', '.staging', 'elsewhere']) await mkdir(join(root, name))
    await writeFile(join(root, 'dynamic', 'updater-routes.yml'), 'before')
    await writeFile(join(root, 'elsewhere', 'routes.yml'), 'mounted')
  })
  afterEach(() => rm(root, { recursive: true }))

  /** What check and rename say after `mount`. */
  const under = (mount: string) => runUnderMount(mount, script, root)

  test('a mounted file is told at the start, and a rename over it is refused with the mend', async () => {
    expect(under('mount --bind "$ROOT/elsewhere/routes.yml" "$ROOT/dynamic/updater-routes.yml"')).toEqual({
      check: expect.stringMatching(/is itself a mount .*mount its directory/),
      rename: expect.stringMatching(/the file itself is a mount; mount its directory instead/),
    })
    expect(await readFile(join(root, 'elsewhere', 'routes.yml'), 'utf8')).toBe('mounted')
  })

  test('a watched directory that is a mount of its own, of the same disk too, is told, and a rename into it is refused', () => {
    expect(under('mount --bind "$ROOT/elsewhere" "$ROOT/dynamic"')).toEqual({
      check: expect.stringMatching(/another mount than/),
      rename: expect.stringMatching(/on another mount than the file; put both under one mount/),
    })
  })

  test('one mount above both is good', async () => {
    expect(under('mount --bind "$ROOT" "$ROOT"')).toEqual({ check: null, rename: null })
    expect(await readFile(join(root, 'dynamic', 'updater-routes.yml'), 'utf8')).toContain('# active: blue')
  })
})
