import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Files, NewFile } from '../rollout/ports.ts'
import { nullIfMissing } from '../files/null-if-missing.ts'
import { syncPath } from '../files/sync-path.ts'

/** The Files port over the operating system: real fsync of files and directories, no buffering of ours in between. */
export function createNodeFiles(): Files {
  return {
    read: (path) => nullIfMissing(readFile(path)),
    create: async (path, mode) => newFile(await open(path, 'wx', mode)),
    append: async (path, mode) => newFile(await open(path, 'a', mode)),
    rename,
    syncDirectory: syncPath,
    remove: async (path) => {
      await nullIfMissing(unlink(path))
    },
    list: async (directory) => (await nullIfMissing(readdir(directory))) ?? [],
    makeDirectory: async (path, mode) => {
      await mkdir(path, { recursive: true, mode })
    },
  }
}

function newFile(handle: FileHandle): NewFile {
  return {
    write: (bytes) => writeAll(handle, bytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}

/** One write may take only a part of the bytes, on a nearly full disk above all; the rest then fails with the reason. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten
  }
}
