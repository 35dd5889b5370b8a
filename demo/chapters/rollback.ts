import type { Chapter } from '../stage.ts'
import { statusOf } from './answers.ts'
import { moveTo } from './move.ts'

/** An operator's move back to the release before. @param tag the one that it must be */
export function rollbackTo(tag: string): Chapter {
  return async (stage) => {
    const { stack, screen, expectations } = stage
    screen.line()
    screen.moment(screen.paint('bold', `Back to the previous release, which is ${tag}`))
    const { previous } = await statusOf(stage)
    const [first]: unknown[] = Array.isArray(previous) ? previous : []
    const sha = stack.project.release(tag).commit
    expectations.expect(isRelease(first) && first.sha === sha, `the updater knows ${tag} as the previous one`, previous)
    await moveTo(stage, { title: `→ ${tag}`, tag, ask: () => stack.skills.post('/update/rollback', { previous_sha: sha }) })
  }
}

function isRelease(value: unknown): value is { readonly sha: unknown } {
  return typeof value === 'object' && value !== null && 'sha' in value
}
