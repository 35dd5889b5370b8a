import { stat } from 'node:fs/promises'

/**
 * Who may read or change a file with a secret in it besides its owner and group: one sentence, with what to do; null when
 * nobody may, or when there is no such file. Looks at the permissions only, never into the file.
 * @param what how the sentence begins: `The secret file`
 */
export async function fileExposure(path: string, what: string): Promise<string | null> {
  const mode = await modeOf(path)
  const rights = mode === null ? null : rightsOf(mode & 0o006, 'read', 'changed')
  return rights === null ? null : `${what} ${path} can be ${rights} by everybody on this machine; chmod o= ${path}, and make a new secret if somebody else may have read it.`
}

/**
 * The same for the directory of such a file: who may write there can put another file in its place. A sticky bit does not
 * help against a name that is not taken yet.
 */
export async function directoryExposure(path: string, what: string): Promise<string | null> {
  const mode = await modeOf(path)
  return mode === null || (mode & 0o002) === 0 ? null : `${what} ${path} can be written by everybody on this machine, who can put a secret of their own there; chmod o-w ${path}.`
}

function rightsOf(others: number, read: string, written: string): string | null {
  if (others === 0) return null
  return [...((others & 0o004) === 0 ? [] : [read]), ...((others & 0o002) === 0 ? [] : [written])].join(' and ')
}

/** Null where nothing is, or nothing can be seen: that is told by whoever needs the file. */
async function modeOf(path: string): Promise<number | null> {
  return await stat(path).then(({ mode }) => mode, () => null)
}
