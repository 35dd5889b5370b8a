/** The prefix of a rule. Only ``PathPrefix(`…`)`` is known here. @throws Error naming the rule */
export function readPathPrefix(rule: string, where: string): string {
  const prefix = /^\s*PathPrefix\(`(\/[^`]*)`\)\s*$/.exec(rule)?.[1]
  if (prefix === undefined) throw new Error(`${where} is "${rule}": only PathPrefix(\`/…\`) is supported`)
  return prefix
}

/** A path without the first of these prefixes that it has, and that prefix; null when it has none of them. */
export function stripPrefix(path: string, prefixes: readonly string[]): { path: string; prefix: string } | null {
  const prefix = prefixes.find((candidate) => path.startsWith(candidate))
  if (prefix === undefined) return null
  const rest = path.slice(prefix.length)
  return { path: rest.startsWith('/') ? rest : `/${rest}`, prefix }
}
