/** Where the detector looks first. It looks everywhere else, too; only how soon a mistake is found depends on it. */
export type Area = 'rollouts' | 'recovery' | 'holds' | 'storage' | 'surroundings'

/** A deliberate mistake: one place of the source says something else than it should. */
export interface Mutation {
  /** What is wrong then, in words. */
  readonly name: string
  /** Path inside the project. */
  readonly file: string
  /** The text as it stands; occurs exactly once in the file. */
  readonly text: string
  readonly instead: string
}

/**
 * The file's text with the mistake in it.
 * @throws Error when the text is not in the file, or not only once: the list is out of date
 */
export function mutated(content: string, { name, file, text, instead }: Mutation): string {
  const parts = content.split(text)
  const [before, after, another] = parts
  if (before === undefined || after === undefined) throw new Error(`The mutation "${name}" is out of date: its text is no longer in ${file}.`)
  if (another !== undefined) throw new Error(`The mutation "${name}" is not clear: its text is in ${file} ${parts.length - 1} times.`)
  if (text === instead) throw new Error(`The mutation "${name}" changes nothing.`)
  return `${before}${instead}${after}`
}
