import { parseArgs } from 'node:util'
import { sentenceOf } from '../rollout/errors.ts'

/** What was asked for on the command line. */
export type Asked =
  | { readonly kind: 'doctor'; readonly options: DoctorOptions }
  | { readonly kind: 'help'; readonly of: 'updaterctl' | 'doctor' }
  | { readonly kind: 'version' }
  /** Not understood, and why, in a sentence. */
  | { readonly kind: 'mistake'; readonly why: string; readonly of: 'updaterctl' | 'doctor' }

export interface DoctorOptions {
  readonly json: boolean
  /** Nothing is written, not even routes that say the same. */
  readonly readOnly: boolean
  /** Where the updater is asked; null: where its settings say. */
  readonly url: string | null
}

/** Reads the arguments after the program's name. The secret is none of them: `ps` shows them to everybody. */
export function readArguments(argv: readonly string[]): Asked {
  const [command, ...rest] = argv
  if (command === undefined) return { kind: 'mistake', why: 'A command is missing.', of: 'updaterctl' }
  if (command === '--help' || command === '-h' || command === 'help') return { kind: 'help', of: 'updaterctl' }
  if (command === '--version') return { kind: 'version' }
  if (command.startsWith('-')) return { kind: 'mistake', why: `The command comes first, and ${command} is none.`, of: 'updaterctl' }
  if (command !== 'doctor') return { kind: 'mistake', why: `There is no command ${command}.`, of: 'updaterctl' }
  return readDoctor(rest)
}

function readDoctor(args: readonly string[]): Asked {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        'read-only': { type: 'boolean', default: false },
        url: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help', of: 'doctor' }
    if (values.version) return { kind: 'version' }
    const url = values.url ?? null
    if (url !== null && !isWebAddress(url)) return { kind: 'mistake', why: `--url must be an http address such as http://127.0.0.1:9090, is ${JSON.stringify(url)}.`, of: 'doctor' }
    return { kind: 'doctor', options: { json: values.json, readOnly: values['read-only'], url } }
  } catch (error) {
    return { kind: 'mistake', why: firstSentence(sentenceOf(error)), of: 'doctor' }
  }
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** Node goes on with advice about arguments that begin with a dash. */
function firstSentence(text: string): string {
  return `${text.split('. ', 1)[0]?.replace(/\.$/, '') ?? text}.`
}
