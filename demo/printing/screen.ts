/** A color, or what a terminal does instead. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39],
}

/** Where the demo writes, line by line, with the time since its start. */
export interface Screen {
  /** When the demo began, ms since the epoch. */
  readonly start: number
  /** A line as it is. */
  line(text?: string): void
  /** A line that begins with a time, by default now. */
  moment(text: string, at?: number): void
  paint(style: Style, text: string): string
}

export interface ScreenOptions {
  readonly write: (text: string) => void
  readonly colored: boolean
}

/** Colors: only on a terminal, and never with NO_COLOR (no-color.org). */
export function wantsColor(out: { readonly isTTY?: boolean }, environment: Readonly<Record<string, string | undefined>>): boolean {
  return out.isTTY === true && (environment['NO_COLOR'] ?? '') === ''
}

export function createScreen({ write, colored }: ScreenOptions): Screen {
  const start = Date.now()
  const paint = (style: Style, text: string): string => (colored ? `\u001B[${codes[style][0]}m${text}\u001B[${codes[style][1]}m` : text)
  return {
    start,
    paint,
    line: (text = '') => write(`${text}\n`),
    moment: (text, at = Date.now()) => write(`${paint('dim', `${((at - start) / 1000).toFixed(1).padStart(6)} s`)}  ${text}\n`),
  }
}

/** Width of what `moment` writes before its text: what belongs to it is indented by as much. */
export const margin = ' '.repeat(10)

/** A duration for people: `0.41 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

/** `13,848`. */
export function counted(count: number): string {
  return count.toLocaleString('en-US')
}
