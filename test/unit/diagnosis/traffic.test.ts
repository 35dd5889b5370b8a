import { describe, expect, test } from 'vitest'
import { sourceChecks } from '../../../src/diagnosis/source.ts'
import { trafficChecks } from '../../../src/diagnosis/traffic.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { ProbeAnswer, RoutesFile, TreeState } from '../../../src/rollout/model.ts'
import { findingOf } from './installation.ts'
import { healthy, reachOf, routes, settled } from './reach.ts'

const silent: ProbeAnswer = { healthy: false, status: null, stamp: null, detail: 'connection refused' }
const ill: ProbeAnswer = { healthy: false, status: 503, stamp: 'gen-1', detail: '503 Service Unavailable' }

describe('entry_points', () => {
  const find = (answer: ProbeAnswer, found: RoutesFile = routes) =>
    findingOf(trafficChecks(reachOf({ probe: { routed: async () => answer }, router: { read: async () => found } })), 'entry_points')

  test.each<[string, ProbeAnswer, RoutesFile, string, RegExp]>([
    ['that answers by the routes file', healthy, routes, 'ok', /answers on skills by the routes file/],
    ['that does not answer', silent, routes, 'wrong', /does not answer on skills \(connection refused\)/],
    ['behind which nothing is healthy', ill, routes, 'wrong', /not healthy on skills \(503/],
    ['that goes by an older version of the routes', { ...healthy, stamp: 'gen-0' }, routes, 'wrong', /does not serve what the routes file says on skills/],
    ["that goes by the predecessor's plain file", { ...healthy, stamp: null }, { ...routes, generation: null }, 'warning', /no stamp/],
    ['without a routes file', healthy, { kind: 'missing' }, 'warning', /no stamp/],
  ])('a Traefik %s', async (_what, answer, found, verdict, sentence) => {
    expect(await find(answer, found)).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('one that does not answer is not asked again: each silence takes seconds', async () => {
    let asked = 0
    const routed = async (): Promise<ProbeAnswer> => {
      asked += 1
      return silent
    }
    expect(await findingOf(trafficChecks(reachOf({ probe: { routed } })), 'entry_points')).toMatchObject({ verdict: 'wrong' })
    expect(asked).toBe(1)
  })

  test('a version that was put in force a moment ago may be taken a moment later', async () => {
    let asked = 0
    const routed = async (): Promise<ProbeAnswer> => {
      asked += 1
      return { ...healthy, stamp: asked === 1 ? 'gen-0' : 'gen-1' }
    }
    expect(await findingOf(trafficChecks(reachOf({ probe: { routed } })), 'entry_points')).toMatchObject({ verdict: 'ok' })
    expect(asked).toBe(2)
  })
})

test.each<[string, ProbeAnswer | null, string, RegExp]>([
  ['that leads to what serves', healthy, 'ok', /leads to blue/],
  ['that does not', { ...silent, status: 404, detail: '404 Not Found' }, 'wrong', /skills \(404 Not Found\)/],
  ['that is not configured', null, 'warning', /Rollouts go without previews: no internal entry point is configured/],
  ['that a Traefik of old does not have', { ...silent, refused: true }, 'warning', /Rollouts go without previews: Traefik runs without the internal entry point/],
])('previews: an internal entry point %s', async (_what, answer, verdict, sentence) => {
  expect(await findingOf(trafficChecks(reachOf({ probe: { preview: async () => answer } })), 'previews')).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
})

test('previews: are left open where nothing is routed', async () => {
  expect(await findingOf(trafficChecks(reachOf({ router: { read: async () => ({ kind: 'missing' }) } })), 'previews')).toMatchObject({ verdict: 'not_checked' })
})

describe('remote', () => {
  const find = (listTags: () => Promise<{ tag: string; commit: string }[]>) =>
    findingOf(sourceChecks(reachOf({ source: { listTags } }), settled.active, () => Promise.reject(new Error('the test did not model the tree'))), 'remote')
  test('is reachable, empty, or not reachable', async () => {
    expect(await find(async () => [{ tag: 'v1.0.0', commit: 'c' }])).toMatchObject({ verdict: 'ok', found: 'The remote answers, with 1 release tag.' })
    expect(await find(async () => [])).toMatchObject({ verdict: 'warning', advice: expect.stringContaining('tagPattern') })
    expect(await find(() => Promise.reject(new UpdaterError('remote_unreachable', 'The remote refuses: 403.')))).toMatchObject({ verdict: 'wrong', found: 'The remote refuses: 403.' })
  })
})

describe('tree', () => {
  const { commit } = settled.active
  const clone: TreeState & { kind: 'clone' } = { kind: 'clone', commit, ref: 'main', clean: true }
  const away = { ...clone, commit: 'd'.repeat(40) }
  const find = (tree: TreeState, distance: { ahead: number; behind: number } | null = null) =>
    findingOf(sourceChecks(reachOf({ source: { treeDistance: async () => distance } }), settled.active, async () => tree), 'tree')

  test.each<[string, TreeState, { ahead: number; behind: number } | null, string, RegExp]>([
    ['at the release that runs', clone, null, 'ok', /is at v1\.0\.0, which runs\.$/],
    ['with local changes', { ...clone, clean: false }, null, 'warning', /has local changes/],
    ['behind it', away, { ahead: 0, behind: 3 }, 'warning', /3 commits behind v1\.0\.0/],
    ['ahead of it', away, { ahead: 1, behind: 0 }, 'warning', /1 commit ahead of v1\.0\.0/],
    ['on its own way, with local changes', { ...away, clean: false }, { ahead: 1, behind: 2 }, 'warning', /2 commits behind and 1 commit ahead of v1\.0\.0, which runs and has local changes/],
    ['of a stack that was found running', away, null, 'not_checked', /was found running, and is of no commit/],
    ['that is no clone', { kind: 'foreign', reason: 'it is a clone of another repository' }, null, 'ok', /left as it is, since it is a clone of another/],
  ])('%s', async (_what, tree, distance, verdict, sentence) => {
    expect(await find(tree, distance)).toMatchObject({ verdict, found: expect.stringMatching(sentence) })
  })

  test('that cannot be read is wrong, and before the first release is known it is left open', async () => {
    const failing = sourceChecks(reachOf(), settled.active, () => Promise.reject(new UpdaterError('git_failed', 'Looking at the project directory failed.')))
    expect(await findingOf(failing, 'tree')).toMatchObject({ verdict: 'wrong' })
    expect(await findingOf(sourceChecks(reachOf(), null, async () => clone), 'tree')).toMatchObject({ verdict: 'not_checked' })
  })
})
