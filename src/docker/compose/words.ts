import { dirname } from 'node:path'
import type { ComposeFile } from './files.ts'

/**
 * What Compose printed, fit to be shown: its warnings, paths of our state directory and values of `.env` are taken out
 * (Compose quotes the values that it cannot use).
 * @param variables of `.env`, with their values
 */
export function composeWords(stderr: string, files: readonly ComposeFile[], variables: ReadonlyMap<string, string>): string[] {
  const paths = files.filter(({ origin }) => origin === 'release').flatMap(({ path, name }) => [[path, name] as const, [`${dirname(path)}/`, ''] as const])
  // Longest first, so that a value inside another one leaves no rest.
  const values = [...new Set(variables.values())].filter((value) => value.length >= shortestValue).sort((left, right) => right.length - left.length)
  return stderr
    .split('\n')
    .map((line) => line.replace(/[^\P{Cc}]+/gu, ' ').trim())
    .filter((line) => line !== '' && !/^time="[^"]*" level=warning /.test(line))
    .map((line) => paths.reduce((rest, [path, name]) => rest.replaceAll(path, name), line))
    .map((line) => values.reduce((rest, value) => rest.replaceAll(value, '***'), line))
    .slice(-mostLines)
}

/** Whether Compose could not read `.env` itself. It quotes the line then, with whatever secret stands there. */
export function isAboutDotEnv(stderr: string): { readonly line: number | null } | null {
  const [found, line] = /failed to read \S*\.env:(?: line (\d+):)?/.exec(stderr) ?? []
  return found === undefined ? null : { line: line === undefined ? null : Number(line) }
}

/** Shorter ones (`true`, `8080`) are no secrets, and would make holes in words. */
const shortestValue = 6
const mostLines = 50
