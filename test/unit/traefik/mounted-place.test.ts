import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const script = fileURLToPath(new URL('mounted-place.ts', import.meta.url))
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0
const title = mayMount ? 'the routes file on real mounts' : 'the routes file on real mounts (not run: unshare --mount is not allowed here; run as root on Linux)'

describe.skipIf(!mayMount && process.env['ZETHERION_REQUIRE_ALL'] !== '1')(title, () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zeth-mounts-'))
    for (const name of ['dynamic', '.staging', 'elsewhere']) await mkdir(join(root, name))
    await writeFile(join(root, 'dynamic', 'updater-routes.yml'), 'before')
    await writeFile(join(root, 'elsewhere', 'routes.yml'), 'mounted')
  })
  afterEach(() => rm(root, { recursive: true }))

  /** What check and rename say after `mount` was run in a namespace of its own. */
  function under(mount: string): unknown {
    const command = `${mount} && exec "$NODE" --import tsx "$SCRIPT" "$ROOT/dynamic/updater-routes.yml" "$ROOT/.staging"`
    const env = { PATH: process.env['PATH'], NODE: process.execPath, SCRIPT: script, ROOT: root }
    const child = spawnSync('unshare', ['--mount', 'sh', '-c', command], { env, encoding: 'utf8', timeout: 20_000 })
    if (child.status !== 0) throw new Error(child.stderr)
    return JSON.parse(child.stdout)
  }

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
