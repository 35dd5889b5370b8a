import type { TestContext } from 'vitest'
import { tellFigure } from '../reporting/figures.ts'
import type { Ground } from './ground.ts'
import type { Survived } from './survival.ts'

/** Has the run tell how many kills were survived and how long recovery took at most, and under how much load. Once for a ground. */
export function tellSurvival(context: Pick<TestContext, 'task'>, ground: Ground, survived: readonly Survived[]): void {
  tellFigure(context, { name: 'kills survived in the sandbox', value: survived.length, together: 'sum' })
  tellFigure(context, { name: 'longest recovery after kill -9 in the sandbox, ms', value: Math.max(0, ...survived.map(({ recovery }) => recovery)), together: 'most' })
  tellLoad(context, ground)
}

/** How much load there was. Once for a ground. */
export function tellLoad(context: Pick<TestContext, 'task'>, { load }: Ground): void {
  tellFigure(context, { name: 'requests under load', value: load.sent, together: 'sum' })
  tellFigure(context, { name: 'failed requests under load', value: load.failed.length, together: 'sum' })
}
