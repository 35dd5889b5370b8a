import { describe, expect, it } from 'vitest'
import { doomed } from '../../../src/docker/images/prune.ts'

const kept = 'a'.repeat(40)
const old = 'b'.repeat(40)
const pruning = {
  project: 'stack',
  repositories: new Set(['bot']),
  commits: new Set([kept, `adopted-${'1'.repeat(32)}`]),
}
const ours = (commit: string) => ({ 'zetherion.updater.project': 'stack', 'org.opencontainers.image.revision': commit })
const gone = (tags: string[], labels: Record<string, string> = {}) => doomed({ Id: 'sha256:id', RepoTags: tags, Labels: labels }, pruning)

describe('what goes when room is made', () => {
  it('are releases of ours that are not kept, and only their own tags', () => {
    expect(gone(['web:bbbbbbbbbbbb', 'web:blue'], ours(old))).toEqual(['web:bbbbbbbbbbbb'])
    expect(gone(['web:aaaaaaaaaaaa', 'web:green'], ours(kept))).toEqual([])
  })

  it('are the marks of operations', () => {
    expect(gone(['bot:keep-1', 'bot:current'], ours(kept))).toEqual(['bot:keep-1'])
  })

  it('are images of ours that have no name left', () => {
    expect(gone([], ours(old))).toEqual(['sha256:id'])
    expect(gone(['<none>:<none>'], ours(kept))).toEqual(['sha256:id'])
  })

  it('is what was found running, once it is not kept', () => {
    expect(gone(['bot:adopted-2222', 'bot:current'])).toEqual(['bot:adopted-2222'])
    expect(gone(['bot:adopted-1111'])).toEqual([])
  })

  it('is nothing of anybody else', () => {
    expect(gone([])).toEqual([])
    expect(gone(['postgres:16'])).toEqual([])
    expect(gone(['other:bbbbbbbbbbbb'], { ...ours(old), 'zetherion.updater.project': 'another' })).toEqual([])
    expect(gone(['bot:0123456789ab'])).toEqual([])
    expect(gone(['bot:mine', 'bot:current'])).toEqual([])
  })
})
