import type { Files, NewFile } from '../../../src/rollout/ports.ts'
import type { Disk, Inode } from './disk.ts'
import type { Effects } from './effects.ts'
import type { Life } from './life.ts'

/** The disk as one daemon holds it. Each call is an effect of its own, below those of the ports. */
export class SimulatedFiles implements Files {
  readonly #disk: Disk
  readonly #effects: Effects
  readonly #life: Life

  constructor(disk: Disk, effects: Effects, life: Life) {
    this.#disk = disk
    this.#effects = effects
    this.#life = life
  }

  read(path: string): Promise<Uint8Array | null> {
    return this.#ask('files.read', path, () => this.#disk.read(path))
  }

  list(directory: string): Promise<string[]> {
    return this.#ask('files.list', directory, () => this.#disk.list(directory))
  }

  async create(path: string): Promise<NewFile> {
    return this.#opened(path, await this.#act('files.create', path, () => this.#disk.create(path)))
  }

  async append(path: string): Promise<NewFile> {
    return this.#opened(path, await this.#act('files.append', path, () => this.#disk.openForAppend(path)))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#effects.performFile(this.#life, { name: 'files.rename', path: from, to }, () => this.#disk.rename(from, to))
  }

  remove(path: string): Promise<void> {
    return this.#act('files.remove', path, () => this.#disk.remove(path))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#act('files.makeDirectory', path, () => this.#disk.makeDirectory(path))
  }

  syncDirectory(path: string): Promise<void> {
    return this.#act('files.syncDirectory', path, () => this.#disk.syncDirectory(path))
  }

  #opened(path: string, inode: Inode): NewFile {
    return {
      write: (bytes) => this.#act('files.write', path, () => this.#disk.write(path, inode, bytes)),
      sync: () => this.#sync(path, inode),
      close: () => this.#act('files.close', path, () => undefined),
    }
  }

  async #sync(path: string, inode: Inode): Promise<void> {
    try {
      await this.#act('files.sync', path, () => this.#disk.sync(inode))
    } catch (error) {
      inode.distrusted = true
      throw error
    }
  }

  #act<T>(name: string, path: string, run: () => T): Promise<T> {
    return this.#effects.performFile(this.#life, { name, path }, run)
  }

  #ask<T>(name: string, path: string, answer: () => T): Promise<T> {
    return this.#effects.ask(this.#life, { name, path }, null, async () => answer())
  }
}
