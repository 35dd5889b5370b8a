import { access, constants, stat } from 'node:fs/promises'

/**
 * Whether ssh-keygen could read who may sign. Asked without reading: a FIFO would be waited on for ever, a device has no end.
 * @throws Error that says why not
 */
export async function assertSignersFile(path: string): Promise<void> {
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`)
  await access(path, constants.R_OK)
}
