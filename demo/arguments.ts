import { parseArgs } from 'node:util'

/** What somebody asked the demo for. */
export type Command =
  | { readonly kind: 'run'; readonly docker: boolean; readonly keep: boolean }
  /** Ends what `--keep` left running below a directory. */
  | { readonly kind: 'end'; readonly directory: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

export const usage = `A whole stack on this machine, rolled out by the updater under load: good releases, and four that must be undone.

Usage: npm run demo [-- flags]

  --docker     on a Docker engine with Traefik, instead of plain processes
  --keep       leave everything running at the end, and print how to talk to it
  --end DIR    end what --keep left running below DIR, and remove it
  --help       this text

Exit codes: 0 everything went as told; 1 something did not; 2 no Docker engine can be had; 64 a wrong flag;
130 ended by Ctrl-C. Colors: only on a terminal, and not with NO_COLOR set.
`

/** @param environment npm takes flags before its own \`--\` for itself and leaves them here */
export function readArguments(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): Command {
  const swallowed = ['docker', 'keep', 'end'].find((flag) => environment[`npm_config_${flag}`] !== undefined)
  if (swallowed !== undefined) return wrong(`npm kept --${swallowed} for itself; write: npm run demo -- --${swallowed}`)
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { docker: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, end: { type: 'string' } },
    })
    const { docker = false, keep = false, help = false, end } = values
    if (help) return { kind: 'help' }
    if (end === undefined) return { kind: 'run', docker, keep }
    return docker || keep ? wrong('--end stands alone') : { kind: 'end', directory: end }
  } catch (error) {
    if (error instanceof TypeError) return wrong(firstSentence(error.message))
    throw error
  }
}

function wrong(sentence: string): Command {
  return { kind: 'wrong', sentence }
}

/** Node goes on about positional arguments that begin with a dash. */
function firstSentence(message: string): string {
  return message.split('. ')[0] ?? message
}
