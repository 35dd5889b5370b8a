/** How long one file of tests took. */
export interface Timed {
  readonly level: string
  readonly file: string
  readonly milliseconds: number
}

/** What each level took, one line each, in the order of their first file: so that a run that gets too long says where. */
export function timesOf(files: readonly Timed[]): string[] {
  const levels = [...new Set(files.map(({ level }) => level))]
  return levels.map((level) => {
    const timed = files.filter((one) => one.level === level)
    const total = timed.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
    const longest = timed.reduce((one, other) => (other.milliseconds > one.milliseconds ? other : one))
    return `${level}: ${minutes(total)}, ${minutes(longest.milliseconds)} of it ${longest.file}`
  })
}

function minutes(milliseconds: number): string {
  return `${(milliseconds / 60_000).toFixed(1)} min`
}
