/** One measured thing: its samples, and, where the issue sets one, the goal that their median is held against. */
export interface Row {
  readonly what: string
  readonly unit: 'ms' | 'MB' | '%'
  readonly samples: readonly number[]
  /** The median has to be below this. */
  readonly goal?: number
  /** The raw thing that the rows above stand beside. */
  readonly raw?: boolean
}

/** A row as people and programs read it. */
export interface Figures {
  readonly what: string
  readonly unit: Row['unit']
  readonly median: number
  readonly least: number
  readonly most: number
  readonly runs: number
  readonly goal: number | null
  readonly met: boolean | null
}

export function figuresOf({ what, unit, samples, goal, raw = false }: Row): Figures {
  const middle = median(samples)
  return {
    what: raw ? `  raw: ${what}` : what,
    unit,
    median: round(middle),
    least: round(Math.min(...samples)),
    most: round(Math.max(...samples)),
    runs: samples.length,
    goal: goal ?? null,
    met: goal === undefined ? null : middle < goal,
  }
}

/** A Markdown table, aligned so that it reads as text too. */
export function tableOf(rows: readonly Figures[]): string {
  const cells = rows.map(({ what, unit, median: middle, least, most, runs, goal, met }) => [
    what,
    `${middle} ${unit}`,
    `${least}–${most}`,
    String(runs),
    goal === null ? '' : `< ${goal} ${unit} ${met === true ? 'met' : 'MISSED'}`,
  ])
  const all = [['what', 'median', 'least–most', 'runs', 'goal'], ...cells]
  const widths = all.reduce((widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)), [0])
  const line = (row: readonly string[]) => `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = all
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (upper + lower) / 2
}

function round(value: number): number {
  return Math.abs(value) < 100 ? Math.round(value * 10) / 10 : Math.round(value)
}
