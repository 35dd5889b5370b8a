import { isMap, parseAllDocuments } from 'yaml'

/**
 * Whether a compose file has others read (`include`): their relative paths would lead into the release's checkout, and
 * their variables and origins would go unchecked.
 */
export function includesOthers(composeFile: string): boolean {
  return parseAllDocuments(composeFile).some((document) => isMap(document.contents) && document.contents.has('include'))
}
