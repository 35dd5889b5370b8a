/** Directory part of an absolute POSIX path; the core may not import Node's own. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}
