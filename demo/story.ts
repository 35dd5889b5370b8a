import { badRelease } from './chapters/bad-release.ts'
import { goodRelease } from './chapters/good-release.ts'
import { rollbackTo } from './chapters/rollback.ts'
import type { Chapter, Stage } from './stage.ts'

/** The release that runs before the updater comes. */
export const firstRelease = 'v1.0.0'

/** What the load must have been answered by, in this order and by nothing else. v1.4.0 had the traffic until its bot died. */
export const expectedServing: readonly string[] = ['v1.0.0', 'v1.1.0', 'v1.4.0', 'v1.1.0', 'v1.6.0', 'v1.1.0']

/** The whole story. */
export const story: readonly Chapter[] = [
  goodRelease('v1.1.0'),
  badRelease({ tag: 'v1.2.0', fault: 'never healthy', refusedAt: /^health_zetherion-ai-skills-/, status: 'failed', next: 'v1.3.0' }),
  badRelease({ tag: 'v1.3.0', fault: 'broken behind the proxy', refusedAt: /^health_preview_/, status: 'failed', next: 'v1.4.0' }),
  badRelease({ tag: 'v1.4.0', fault: 'its bot dies', refusedAt: /_bot$/, status: 'rolled_back', next: 'v1.5.0' }),
  badRelease({ tag: 'v1.5.0', fault: 'does not build', refusedAt: /^docker_build$/, status: 'failed', next: 'v1.6.0' }),
  goodRelease('v1.6.0'),
  rollbackTo('v1.1.0'),
]

/** Tells the chapters in order, and stops after one that did not go as told: the next ones stand on it. */
export async function tell<S extends Pick<Stage, 'signal' | 'expectations'>>(chapters: readonly ((stage: S) => Promise<void>)[], stage: S): Promise<void> {
  for (const chapter of chapters) {
    stage.signal.throwIfAborted()
    await chapter(stage)
    if (stage.expectations.unmet > 0) return
  }
}
