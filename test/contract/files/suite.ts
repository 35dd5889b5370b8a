import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Files } from '../../../src/rollout/ports.ts'

/** A file system with one empty directory of the suite's own. */
export interface FilesWorld {
  readonly files: Files
  readonly directory: string
  dispose(): Promise<void>
}

/** What every implementation of Files does while nothing fails. */
export function filesContract(name: string, open: () => Promise<FilesWorld>): void {
  describe(`Files: ${name}`, () => {
    let world: FilesWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.dispose())

    const at = (path: string) => `${world.directory}/${path}`
    const text = async (path: string) => {
      const bytes = await world.files.read(at(path))
      return bytes === null ? null : new TextDecoder().decode(bytes)
    }
    const put = async (path: string, content: string) => {
      const file = await world.files.create(at(path), 0o644)
      await file.write(new TextEncoder().encode(content))
      await file.sync()
      await file.close()
    }

    test('a file that is not there reads as null, a directory that is not there lists as empty', async () => {
      expect(await world.files.read(at('none'))).toBeNull()
      expect(await world.files.list(at('none'))).toEqual([])
    })

    test('what was written in several pieces is read as a whole', async () => {
      const file = await world.files.create(at('a'), 0o644)
      for (const piece of ['one ', '', 'two']) await file.write(new TextEncoder().encode(piece))
      await file.sync()
      await file.close()
      expect(await text('a')).toBe('one two')
    })

    test('a megabyte is written to its last byte', async () => {
      const bytes = new Uint8Array(1 << 20).map((_, index) => index % 251)
      const file = await world.files.create(at('big'), 0o644)
      await file.write(bytes)
      await file.close()
      expect(Buffer.compare((await world.files.read(at('big'))) ?? new Uint8Array(), bytes)).toBe(0)
    })

    test('creating is exclusive and leaves what is there', async () => {
      await put('a', 'first')
      await expect(world.files.create(at('a'), 0o644)).rejects.toMatchObject({ code: 'EEXIST' })
      expect(await text('a')).toBe('first')
    })

    test('creating in a directory that is not there fails with ENOENT', async () => {
      await expect(world.files.create(at('none/a'), 0o644)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    test('appending makes the file and then adds to its end', async () => {
      for (const piece of ['one\n', 'two\n']) {
        const file = await world.files.append(at('log'), 0o644)
        await file.write(new TextEncoder().encode(piece))
        await file.sync()
        await file.close()
      }
      expect(await text('log')).toBe('one\ntwo\n')
    })

    test('a rename replaces the file of that name', async () => {
      await put('old', 'old')
      await put('new', 'new')
      await world.files.rename(at('new'), at('old'))
      expect(await text('old')).toBe('new')
      expect(await text('new')).toBeNull()
    })

    test('a rename of what is not there fails with ENOENT and changes nothing', async () => {
      await put('a', 'a')
      await expect(world.files.rename(at('none'), at('a'))).rejects.toMatchObject({ code: 'ENOENT' })
      expect(await text('a')).toBe('a')
    })

    test('removing twice is success', async () => {
      await put('a', 'a')
      await world.files.remove(at('a'))
      await world.files.remove(at('a'))
      expect(await text('a')).toBeNull()
    })

    test('directories are made with their parents, once or again, and listed by name', async () => {
      await world.files.makeDirectory(at('x/y'), 0o755)
      await world.files.makeDirectory(at('x/y'), 0o755)
      await put('x/a', 'a')
      await put('x/b', 'b')
      expect((await world.files.list(at('x'))).sort()).toEqual(['a', 'b', 'y'])
      await world.files.syncDirectory(at('x'))
    })

    test('syncing a directory that is not there fails with ENOENT', async () => {
      await expect(world.files.syncDirectory(at('none'))).rejects.toMatchObject({ code: 'ENOENT' })
    })
  })
}
