import type { Expectation } from '../expectations.ts'
import type { Moment } from '../watch.ts'
import { margin, seconds, type Screen } from './screen.ts'

const nameWidth = 34

/** One line for each step as it ends, and for an undo. */
export function tellMoment(screen: Screen, moment: Moment): void {
  switch (moment.kind) {
    case 'step': {
      const { step, at, durationMs, failed } = moment.step
      const text = `${step.padEnd(nameWidth)} ${seconds(durationMs).padStart(8)}`
      screen.moment(failed ? screen.paint('yellow', `${text}  failed`) : `${screen.paint('dim', text)}${remarks[step] ?? ''}`, at)
      return
    }
    case 'undo':
      screen.moment(screen.paint('yellow', 'undo: traffic back, then the rest'), moment.at)
      return
    case 'undone':
      screen.moment(screen.paint('yellow', `${'undone'.padEnd(nameWidth)} ${seconds(moment.durationMs).padStart(8)}`), moment.at)
  }
}

/** What one who watches should know about a step. */
const remarks: Readonly<Record<string, string>> = {
  route_switch: '  the traffic moves here',
  commit: '  no way back from here, only forward',
}

/** `✓ …`, or `✗ …` and what was seen instead. */
export function tellExpectation(screen: Screen, { met, sentence, seen }: Expectation): void {
  screen.line(`${margin}${met ? screen.paint('green', '✓') : screen.paint('red', '✗')} ${sentence}`)
  if (!met && seen !== '') screen.line(`${margin}  ${screen.paint('red', `seen instead: ${seen}`)}`)
}
