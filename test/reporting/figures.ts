import type { TestContext } from 'vitest'

/** One number that a run prints at its end. */
export interface Figure {
  /** For people, with its unit: `recovery after kill -9 in the sandbox, longest, ms`. */
  readonly name: string
  readonly value: number
  /** What the same figure of several tests makes together. */
  readonly together: 'sum' | 'most'
}

declare module 'vitest' {
  interface TaskMeta {
    figures?: Figure[]
  }
}

/** Has this test's figure printed at the end of the run, together with those of the same name. */
export function tellFigure({ task }: Pick<TestContext, 'task'>, figure: Figure): void {
  task.meta.figures = [...(task.meta.figures ?? []), figure]
}

/** The figures of a run, one line each, in the order of their first telling. */
export function linesOf(figures: readonly Figure[]): string[] {
  const together = new Map<string, number>()
  for (const { name, value, together: how } of figures) {
    const before = together.get(name)
    together.set(name, before === undefined ? value : how === 'sum' ? before + value : Math.max(before, value))
  }
  return [...together].map(([name, value]) => `${name}: ${value.toLocaleString('en-US', { maximumFractionDigits: 1 })}`)
}
