import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../service/log.js'

/**
 * @typedef {object} LogFileSettings
 * @property {string} directory
 * @property {number} maxBytes no file grows beyond this
 * @property {number} files how many are kept, the current one included
 * @property {(problem: string) => void} report told once each time that writing begins to fail
 */

const NAME = 'bot.log'

/**
 * `bot.log` in a directory, rotated by size: `bot.log.1` is the newest old file. A log that cannot be written does not
 * harm the bot: the line is dropped, the trouble reported, and the next line tried again.
 * @param {LogFileSettings} settings
 */
export function openLogFile({ directory, maxBytes, files, report }) {
  /** @type {{ descriptor: number, size: number } | null} */
  let current = null
  let failing = false

  const open = () => {
    mkdirSync(directory, { recursive: true })
    const descriptor = openSync(join(directory, NAME), 'a')
    current = { descriptor, size: fstatSync(descriptor).size }
    return current
  }
  const close = () => {
    if (current !== null) closeSync(current.descriptor)
    current = null
  }
  /** @param {Buffer} line */
  const append = (line) => {
    let file = current ?? open()
    if (file.size > 0 && file.size + line.length > maxBytes) {
      close()
      rotate(directory, files)
      file = open()
    }
    file.size += writeSync(file.descriptor, line)
  }
  /** @param {string} line */
  const write = (line) => {
    try {
      append(Buffer.from(line))
      failing = false
    } catch (error) {
      if (!failing) report(describeError(error))
      failing = true
    }
  }
  return { write, close }
}

/**
 * @param {string} directory
 * @param {number} files
 */
function rotate(directory, files) {
  /** @param {number} index */
  const path = (index) => join(directory, index === 0 ? NAME : `${NAME}.${index}`)
  for (let index = files - 1; index >= 0; index -= 1) {
    if (index === files - 1) rmSync(path(index), { force: true })
    else moveIfThere(path(index), path(index + 1))
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function moveIfThere(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
