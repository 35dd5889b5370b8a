import { describe, expect, test } from 'vitest'
import { Disk } from '../../simulation/world/disk.ts'

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes))
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)
const nothing = () => 0
const everything = () => 1 - Number.EPSILON

/** A disk with /d/live = old, safe. */
function diskWithOld(): Disk {
  const disk = new Disk()
  disk.put('/d/live', 'old')
  return disk
}

/** The four steps of a replacement, as many of them as are asked for. */
function replace(disk: Disk, steps: number): void {
  const inode = disk.create('/d/new')
  disk.write('/d/new', inode, bytes('new'))
  if (steps > 0) disk.sync(inode)
  if (steps > 1) disk.rename('/d/new', '/d/live')
  if (steps > 2) disk.syncDirectory('/d')
}

describe('what the simulated disk keeps of a replaced file in a power cut', () => {
  test.each([[0, 'old'], [1, 'old'], [2, 'old'], [3, 'new']])('after %d of its three steps, where only what was synced survives', (steps, survives) => {
    const disk = diskWithOld()
    replace(disk, steps)
    disk.powerCut(nothing)
    expect(text(disk.read('/d/live'))).toBe(survives)
  })

  test('a rename that was not synced may survive all the same', () => {
    const disk = diskWithOld()
    replace(disk, 2)
    disk.powerCut(everything)
    expect(text(disk.read('/d/live'))).toBe('new')
    expect(disk.list('/d')).toEqual(['live'])
  })

  test('a file that was renamed into place before it was synced comes back empty or torn', () => {
    for (const survives of [0, 0.5]) {
      const disk = diskWithOld()
      const inode = disk.create('/d/new')
      disk.write('/d/new', inode, bytes('new!'))
      disk.rename('/d/new', '/d/live')
      disk.syncDirectory('/d')
      disk.powerCut(() => survives)
      expect(text(disk.read('/d/live'))).toBe('new!'.slice(0, 4 * survives))
    }
  })

  test('after a failed sync a later one that reports success brings nothing to the platter', () => {
    const disk = diskWithOld()
    const inode = disk.create('/d/new')
    disk.write('/d/new', inode, bytes('new'))
    inode.distrusted = true
    disk.sync(inode)
    disk.rename('/d/new', '/d/live')
    disk.syncDirectory('/d')
    disk.powerCut(everything)
    expect(text(disk.read('/d/live'))).toBe('')
  })
})

test('a change that is lost takes the later ones of its directory with it', () => {
  const disk = new Disk()
  disk.makeDirectory('/d')
  disk.powerCut(everything)
  for (const name of ['a', 'b', 'c']) disk.sync(disk.create(`/d/${name}`))
  let asked = 0
  disk.powerCut(() => ((asked += 1) === 2 ? 0.6 : 0))
  expect(disk.list('/d')).toEqual(['a', 'b'])
})

test('a rename between directories that was synced in either is in both', () => {
  for (const synced of ['/from', '/to']) {
    const disk = new Disk()
    disk.put('/from/file', 'content')
    disk.put('/to/other', '')
    disk.rename('/from/file', '/to/file')
    disk.syncDirectory(synced)
    disk.powerCut(nothing)
    expect([disk.list('/from'), disk.list('/to')]).toEqual([[], ['other', 'file']])
  }
})

test('a full disk takes a part of what is written, and a rename still works on it', () => {
  const disk = diskWithOld()
  disk.free = 2
  const inode = disk.create('/d/new')
  expect(() => disk.write('/d/new', inode, bytes('new'))).toThrow(/ENOSPC/)
  expect(text(disk.read('/d/new'))).toBe('ne')
  disk.rename('/d/new', '/d/other')
  expect(disk.list('/d')).toEqual(['live', 'other'])
})
