import { describe, expect, it } from 'vitest'
import { doomed } from '../../../src/docker/images/prune.ts'

const kept = 'a'.repeat(40)
const old = 'b'.repeat(40)
const pruning = {
  project: 'stack',
  repositories: new Set(['bot']),
  commits: new Set([kept, `adopted-${'1'.repeat(32)}`]),
}
const operation = '0123456789abcdef'
const ours = (commit: string, image?: string) => ({
  'zetherion.updater.project': 'stack', 'org.opencontainers.image.revision': commit, ...(image === undefined ? {} : { 'zetherion.updater.image': image }),
})
const theirs = (commit: string) => ({ ...ours(commit, 'bot'), 'zetherion.updater.project': 'another' })
const gone = (tags: string[], labels: Record<string, string> = {}) => doomed({ Id: 'sha256:id', RepoTags: tags, Labels: labels }, pruning)

describe('what goes when room is made', () => {
  it('are releases of ours that are not kept, and only their own tags', () => {
    expect(gone(['bot:bbbbbbbbbbbb', 'bot:current'], ours(old))).toEqual(['bot:bbbbbbbbbbbb'])
    expect(gone(['bot:aaaaaaaaaaaa', 'bot:current'], ours(kept))).toEqual([])
    expect(gone(['bot:bbbbbbbbbbbb'], { 'org.opencontainers.image.revision': old })).toEqual(['bot:bbbbbbbbbbbb'])
  })

  it('are those that no container has shown, under the name that they were built under', () => {
    expect(gone(['web:bbbbbbbbbbbb', 'web:blue'], ours(old, 'web'))).toEqual(['web:bbbbbbbbbbbb'])
    expect(gone(['web:aaaaaaaaaaaa', 'web:green'], ours(kept, 'web'))).toEqual([])
  })

  it('are the marks of operations', () => {
    expect(gone([`bot:keep-${operation}`, 'bot:current'], ours(kept))).toEqual([`bot:keep-${operation}`])
    expect(gone([`bot:keep-${operation}`])).toEqual([`bot:keep-${operation}`])
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
    expect(gone([`postgres:keep-${operation}`])).toEqual([])
    expect(gone(['bot:0123456789ab'])).toEqual([])
    expect(gone(['bot:mine', 'bot:current'])).toEqual([])
  })

  it.each(['keep-good', 'keep-1', 'keep-', 'keep-0123456789ABCDEF', `keep-${operation}0`])('is not what an operator has tagged %s', (tag) => {
    expect(gone([`bot:${tag}`], ours(kept, 'bot'))).toEqual([])
    expect(gone([`bot:${tag}`], ours(old, 'bot'))).toEqual([])
  })

  it('is not what an operator has copied to another repository', () => {
    const copies = ['backup/bot:bbbbbbbbbbbb', `backup/bot:keep-${operation}`]
    expect(gone(copies, ours(old))).toEqual([])
    expect(gone(['bot:bbbbbbbbbbbb', ...copies], ours(old, 'bot'))).toEqual(['bot:bbbbbbbbbbbb'])
  })

  it('is nothing of another project, though it has the same names', () => {
    expect(gone(['bot:bbbbbbbbbbbb', `bot:keep-${operation}`, 'bot:adopted-2222', 'bot:current'], theirs(old))).toEqual([])
    expect(gone([], theirs(old))).toEqual([])
  })
})
