import type { Chapter } from '../stage.ts'
import { moveTo } from './move.ts'

/** A release that is as it should be: published, and applied by the skills service. */
export function goodRelease(tag: string): Chapter {
  return async (stage) => {
    const { stack, screen } = stage
    screen.line()
    screen.moment(screen.paint('bold', `${tag}, a good release: ${stack.project.release(tag).description}`))
    await stack.project.publish(tag)
    await moveTo(stage, { title: tag, tag, ask: () => stack.skills.post('/update/apply', { tag, version: tag.slice(1) }) })
  }
}
