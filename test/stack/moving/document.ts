import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** docs/migrating.md, as far as a machine can follow it. */
export interface Document {
  readonly text: string
  /** The commands of a step, one line each. @throws Error when it has none */
  step(number: number): readonly string[]
  /** The way back until step 5. */
  readonly wayBack: readonly string[]
  /** The commands below a heading, one line each. @throws Error when there are none */
  below(heading: string): readonly string[]
  /** The override that step 3 shows. */
  readonly override: unknown
}

export async function readDocument(): Promise<Document> {
  const text = await readFile(fileURLToPath(new URL('../../../docs/migrating.md', import.meta.url)), 'utf8')
  const commandsOf = (part: string | undefined, of: string): readonly string[] => {
    const commands = blocks(part ?? '', 'sh').flatMap((block) => block.split('\n').filter((line) => line !== ''))
    if (commands.length === 0) throw new Error(`docs/migrating.md has no commands for ${of}`)
    return commands
  }
  return {
    text,
    step: (number) => commandsOf(text.split(/^(?=\d\. )/m).find((part) => part.startsWith(`${number}. `))?.split(/^(?=\S)/m).slice(0, 1).join(''), `step ${number}`),
    wayBack: commandsOf(text.split(/^(?=Until step 5)/m)[1]?.split(/^## /m)[0], 'the way back'),
    below: (heading) => commandsOf(text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)), heading),
    override: parse(blocks(text, 'yaml').join('\n')),
  }
}

/** The fenced blocks of one language, without the indentation of a list. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms'))].map(([, indentation = '', block = '']) => block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''))
}
