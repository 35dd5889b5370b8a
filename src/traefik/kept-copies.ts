import type { Files } from '../rollout/ports.ts'
import { stageFile } from '../rollout/whole-file.ts'

const prefix = 'kept-'
const suffix = '.yml'
/** Copies that stay; older ones go. */
const limit = 5

/**
 * Copies a file into the directory as `kept-<number>.yml` for an operator to look at. The same content is not kept
 * twice in a row, so that a repetition after a crash changes nothing.
 * @returns path of the copy; null when there is no such file
 */
export async function keepCopyOf(files: Files, path: string, directory: string): Promise<string | null> {
  const bytes = await files.read(path)
  if (bytes === null) return null
  await files.makeDirectory(directory, 0o755)
  const numbers = (await files.list(directory)).map(numberOf).filter((number) => number !== null).sort((a, b) => a - b)
  const newest = numbers.at(-1)
  if (newest !== undefined && sameBytes(await files.read(pathOf(directory, newest)), bytes)) return pathOf(directory, newest)

  const copy = pathOf(directory, (newest ?? 0) + 1)
  await stageFile(files, copy, bytes, 0o644)
  for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - limit))) await files.remove(pathOf(directory, number))
  return copy
}

function pathOf(directory: string, number: number): string {
  return `${directory}/${prefix}${number}${suffix}`
}

function numberOf(name: string): number | null {
  const digits = /^kept-(\d{1,9})\.yml$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

function sameBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0
}
