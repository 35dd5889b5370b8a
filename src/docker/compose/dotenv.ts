import { readFile } from 'node:fs/promises'

/** Variables of the project's `.env` as Compose reads them; none where there is no such file. Values never leave preflight. */
export async function readDotEnv(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  return parseDotEnv(text)
}

/** Exactness matters only for which names are set, and whether to nothing. */
export function parseDotEnv(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) variables.set(name, unquote(value))
  }
  return variables
}

function unquote(value: string): string {
  const [, , quoted] = /^(["'])(.*?)\1/.exec(value) ?? []
  return quoted ?? value.replace(/(^|\s+)#.*$/, '')
}
