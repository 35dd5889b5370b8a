import { dirname } from '../../../src/rollout/paths.ts'

/** A file's content: what everybody reads, and what is on the platter. */
interface Inode {
  content: Uint8Array
  /** What a power cut leaves for certain: the content at the last sync. */
  synced: Uint8Array
  /** A sync failed: later ones report success and bring nothing to the platter, as on Linux (fault 12). */
  distrusted: boolean
}

/** A change of names that no sync of a directory has made durable yet. */
interface Renaming {
  /** Name that went away; null for a new file. */
  readonly from: string | null
  /** Name that came; null for a removal. */
  readonly to: string | null
  readonly inode: Inode
  /** Whose sync makes it durable. */
  readonly directories: readonly string[]
}

/** A number from 0 (all that was not synced is lost) to below 1 (nearly all of it survives), asked for each part. */
export type Survival = () => number

/**
 * A file system of which a power cut leaves no more than was synced for certain, and any part of the rest: contents by
 * their sync, names by the sync of their directory. Nothing in it knows of daemons; errors are Node's.
 */
export class Disk {
  /** Bytes that can still be written; what does not fit fails with ENOSPC after a part was written. */
  free = Number.POSITIVE_INFINITY
  readOnly = false
  /** Called with each name whose content changed. */
  onChange: (path: string) => void = () => undefined
  readonly #names = new Map<string, Inode>()
  /** Names as a power cut leaves them for certain. */
  readonly #durableNames = new Map<string, Inode>()
  readonly #renamings: Renaming[] = []
  /** Directory → whether its own name is durable. */
  readonly #directories = new Map<string, boolean>([['/', true]])

  read(path: string): Uint8Array | null {
    return this.#names.get(path)?.content ?? null
  }

  /** What would be there after the worst power cut now. */
  readDurable(path: string): Uint8Array | null {
    return this.#durableNames.get(path)?.synced ?? null
  }

  /** Whether the content under this name is on the platter. */
  isSynced(path: string): boolean {
    const inode = this.#names.get(path)
    return inode !== undefined && inode.synced === inode.content
  }

  create(path: string): Inode {
    this.#mustBeWritable(path)
    if (this.#names.has(path) || this.#directories.has(path)) throw errno('EEXIST', path)
    if (!this.#directories.has(dirname(path))) throw errno('ENOENT', path)
    const inode: Inode = { content: empty, synced: empty, distrusted: false }
    this.#change(null, path, inode)
    return inode
  }

  openForAppend(path: string): Inode {
    this.#mustBeWritable(path)
    return this.#names.get(path) ?? this.create(path)
  }

  write(path: string, inode: Inode, bytes: Uint8Array): void {
    this.#mustBeWritable(path)
    const fits = Math.max(0, Math.min(bytes.length, this.free))
    inode.content = inode.content.length === 0 && fits === bytes.length ? bytes : Buffer.concat([inode.content, bytes.subarray(0, fits)])
    this.free -= fits
    this.onChange(path)
    if (fits < bytes.length) throw errno('ENOSPC', path)
  }

  sync(inode: Inode): void {
    if (!inode.distrusted) inode.synced = inode.content
  }

  rename(from: string, to: string): void {
    this.#mustBeWritable(from)
    const inode = this.#names.get(from)
    if (inode === undefined || !this.#directories.has(dirname(to))) throw errno('ENOENT', from)
    this.free += this.#names.get(to)?.content.length ?? 0
    this.#change(from, to, inode)
  }

  remove(path: string): void {
    this.#mustBeWritable(path)
    const inode = this.#names.get(path)
    if (inode === undefined) return
    this.free += inode.content.length
    this.#change(path, null, inode)
  }

  list(directory: string): string[] {
    const prefix = directory === '/' ? '/' : `${directory}/`
    const inside = [...this.#names.keys(), ...this.#directories.keys()].filter((path) => path.startsWith(prefix) && path !== prefix)
    return [...new Set(inside.map((path) => path.slice(prefix.length).split('/', 1)[0] ?? ''))].filter((name) => name !== '')
  }

  makeDirectory(path: string): void {
    if (this.#directories.has(path)) return
    this.#mustBeWritable(path)
    if (path !== '/') this.makeDirectory(dirname(path))
    this.#directories.set(path, false)
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(path)) throw errno('ENOENT', path)
    for (const [inside, isDurable] of this.#directories) if (!isDurable && dirname(inside) === path) this.#directories.set(inside, true)
    for (const renaming of this.#renamings.filter((one) => touches(one, path))) this.#makeDurable(renaming)
  }

  /** What a person or another program put there long ago: complete, and on the platter. Null removes it. */
  put(path: string, text: string | null): void {
    this.makeDirectory(dirname(path))
    for (const directory of this.#directories.keys()) this.#directories.set(directory, true)
    for (const renaming of this.#renamings.filter(({ from, to }) => from === path || to === path)) this.#makeDurable(renaming)
    const content = text === null ? null : Buffer.from(text)
    for (const names of [this.#names, this.#durableNames]) {
      if (content === null) names.delete(path)
      else names.set(path, { content, synced: content, distrusted: false })
    }
    this.onChange(path)
  }

  /**
   * The power goes and comes back. Of what was not synced survives what `survival` says: of each content a part from its
   * beginning, of the changes in each directory the first ones.
   */
  powerCut(survival: Survival): void {
    for (const [path, isDurable] of this.#directories) {
      if (!isDurable && survival() < 0.5) this.#loseDirectory(path)
      else this.#directories.set(path, true)
    }
    this.#surviveInOrder(survival)
    const inodes = new Set(this.#durableNames.values())
    for (const inode of inodes) inode.synced = afterCut(inode, survival)
    this.#renamings.length = 0
    const before = new Set([...this.#names.keys(), ...this.#durableNames.keys()])
    this.#names.clear()
    for (const [path, { synced }] of this.#durableNames) {
      const inode = { content: synced, synced, distrusted: false }
      this.#durableNames.set(path, inode)
      this.#names.set(path, inode)
    }
    for (const path of before) this.onChange(path)
  }

  #surviveInOrder(survival: Survival): void {
    const cut = new Map<string, number>()
    for (const directory of this.#directories.keys()) cut.set(directory, Math.floor(survival() * (this.#renamings.filter((one) => touches(one, directory)).length + 1)))
    const inOrder = this.#renamings.slice()
    for (const renaming of inOrder) {
      const { directories } = renaming
      const survives = directories.every((directory) => (cut.get(directory) ?? 0) > 0)
      // A change that is lost takes the later ones of its directories with it.
      for (const directory of directories) cut.set(directory, survives ? (cut.get(directory) ?? 0) - 1 : 0)
      if (survives) this.#makeDurable(renaming)
    }
  }

  #loseDirectory(path: string): void {
    this.#directories.delete(path)
    for (const names of [this.#names, this.#durableNames]) {
      for (const inside of names.keys()) if (inside.startsWith(`${path}/`)) names.delete(inside)
    }
  }

  #change(from: string | null, to: string | null, inode: Inode): void {
    if (from !== null) this.#names.delete(from)
    if (to !== null) this.#names.set(to, inode)
    this.#renamings.push({ from, to, inode, directories: directoriesOf(from, to) })
    for (const path of [from, to]) if (path !== null) this.onChange(path)
  }

  #makeDurable(renaming: Renaming): void {
    const { from, to, inode } = renaming
    const index = this.#renamings.indexOf(renaming)
    if (index === -1) return
    this.#renamings.splice(index, 1)
    // Where the same file got the name that it leaves now needs no durability of its own any more.
    const arrival = this.#renamings.findIndex((earlier) => earlier.inode === inode && earlier.to === from && from !== null)
    if (arrival !== -1) this.#renamings.splice(arrival, 1)
    if (from !== null) this.#durableNames.delete(from)
    if (to !== null) this.#durableNames.set(to, inode)
  }

  #mustBeWritable(path: string): void {
    if (this.readOnly) throw errno('EROFS', path)
  }
}

const empty = new Uint8Array()

function directoriesOf(from: string | null, to: string | null): string[] {
  const [one, ...others] = [from, to].filter((path) => path !== null).map(dirname)
  return one === undefined || others.includes(one) ? others : [one, ...others]
}

function touches({ directories }: Renaming, directory: string): boolean {
  return directories.includes(directory)
}

/** Files only grow: what was synced is there, and a part of what came after it. */
function afterCut({ content, synced, distrusted }: Inode, survival: Survival): Uint8Array {
  if (content === synced || distrusted) return synced
  return content.subarray(0, synced.length + Math.floor(survival() * (content.length - synced.length + 1)))
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code })
}

export type { Inode }
