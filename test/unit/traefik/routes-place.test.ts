import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkRoutesPlace, mountOf, parseMountPoints } from '../../../src/traefik/routes-place.ts'

describe('fault 33: the place of the routes file', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zeth-place-'))
    await mkdir(join(root, 'dynamic'))
    await mkdir(join(root, '.staging'))
  })
  afterEach(() => rm(root, { recursive: true }))

  const check = (staging: string, file = 'dynamic/updater-routes.yml') =>
    checkRoutesPlace({ routesPath: file.startsWith('/') ? file : join(root, file), stagingDirectory: staging.startsWith('/') ? staging : join(root, staging) })

  test('side by side on one mount it is good', async () => {
    expect(await check('.staging')).toBeNull()
  })

  test('a staging directory that is missing is told, with what to do', async () => {
    expect(await check('none')).toMatch(/none does not exist; create it/)
  })

  test('a watched directory that is missing is told', async () => {
    expect(await check('.staging', 'none/updater-routes.yml')).toMatch(/none of the routes file does not exist; mount it/)
  })

  test('staging inside the watched directory is told, through a symbolic link too', async () => {
    await mkdir(join(root, 'dynamic/in'))
    await symlink(join(root, 'dynamic/in'), join(root, 'link'))
    expect(await check('dynamic/in')).toMatch(/inside the directory that Traefik watches/)
    expect(await check('link')).toMatch(/inside the directory that Traefik watches/)
  })

  test.runIf(process.platform === 'linux')('staging on another mount is told, with the mend', async () => {
    expect(await check('/proc')).toMatch(/another mount than .*put both under one mount/)
  })

  test.runIf(process.platform === 'linux')('a routes file that is itself a mount is told, with the mend', async () => {
    expect(await check('.staging', '/proc')).toMatch(/itself a mount .*mount its directory/)
  })
})

describe('mount points', () => {
  const mountinfo = [
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
    '30 22 8:1 /srv/state /app/data rw - ext4 /dev/sda1 rw',
    '31 30 8:1 /srv/r.yml /app/data/traefik/dynamic/updater-routes.yml rw - ext4 /dev/sda1 rw',
    '32 22 8:1 /x /with\\040space rw - ext4 /dev/sda1 rw',
    '',
  ].join('\n')

  test('are read from the kernel\'s table, its escapes resolved', () => {
    expect(parseMountPoints(mountinfo)).toEqual(['/', '/app/data', '/app/data/traefik/dynamic/updater-routes.yml', '/with space'])
  })

  test.each([
    ['/app/data/traefik/.staging', '/app/data'],
    ['/app/data', '/app/data'],
    ['/app/database', '/'],
    ['/', '/'],
  ])('%s lies on %s', (path, mount) => {
    expect(mountOf(path, parseMountPoints(mountinfo))).toBe(mount)
  })
})
