import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { ReleaseSourceWorld } from './world.ts'

const compose = 'docker-compose.yml'
const nobody = '0123456789abcdef0123456789abcdef01234567'

/** What every source of releases promises. */
export function releaseSourceContract(name: string, makeWorld: () => Promise<ReleaseSourceWorld>): void {
  describe(`ReleaseSource: ${name}`, () => {
    const signal = new AbortController().signal
    setMaxListeners(0, signal) // Many calls at once share it.
    let world: ReleaseSourceWorld
    beforeEach(async () => {
      world = await makeWorld()
    })
    afterEach(() => world.dispose())

    describe('tags', () => {
      test('lists each release tag with its commit and leaves out what is no version', async () => {
        const first = await world.publish('v1.0.0', { [compose]: 'one' })
        const second = await world.publish('v1.1.0', { [compose]: 'two' })
        await world.publish('nightly', { [compose]: 'three' })
        const tags = await world.open().listTags(signal)
        expect(tags.sort((a, b) => a.tag.localeCompare(b.tag))).toEqual([{ tag: 'v1.0.0', commit: first }, { tag: 'v1.1.0', commit: second }])
      })

      test('fetches a release at first sight and tells its commit, again and again', async () => {
        const commit = await world.publish('v1.0.0', { [compose]: 'one' })
        const source = world.open()
        expect(await source.has(commit, signal)).toBe(false)
        expect(await source.fetch('v1.0.0', null, signal)).toBe(commit)
        expect(await source.fetch('v1.0.0', commit, signal)).toBe(commit)
        expect(await world.open().has(commit, signal)).toBe(true)
      })

      test('fault 39: refuses a tag that was moved, names both commits, and takes in nothing', async () => {
        const first = await world.publish('v1.0.0', { [compose]: 'one' })
        const second = await world.publish('v1.1.0', { [compose]: 'two' })
        const source = world.open()
        await source.fetch('v1.0.0', null, signal)
        await world.moveTag('v1.0.0', second)
        const refusal = await failureOf(source.fetch('v1.0.0', first, signal))
        expect(refusal.code).toBe('tag_moved')
        expect(refusal.message).toContain(first)
        expect(refusal.message).toContain(second)
        expect(await source.has(second, signal)).toBe(false)
      })

      test('keeps a release whose tag was moved away and accepted at its new place', async () => {
        const first = await world.publish('v1.0.0', { [compose]: 'one' })
        const second = await world.publish('v1.1.0', { [compose]: 'two' })
        const source = world.open()
        await source.fetch('v1.0.0', null, signal)
        await world.moveTag('v1.0.0', second)
        expect(await source.fetch('v1.0.0', null, signal)).toBe(second)
        await source.checkout(first, signal)
        expect(await world.releaseFiles(first)).toEqual({ [compose]: 'one' })
      })

      test('says that a tag does not exist, also one that was removed since', async () => {
        await world.publish('v1.0.0', { [compose]: 'one' })
        const source = world.open()
        expect(await failureOf(source.fetch('v9.9.9', null, signal))).toMatchObject({ code: 'unknown_tag', message: expect.stringContaining('v9.9.9') })
        const commit = await source.fetch('v1.0.0', null, signal)
        await world.removeTag('v1.0.0')
        expect((await failureOf(source.fetch('v1.0.0', commit, signal))).code).toBe('unknown_tag')
      })

      test.each(['', '-x', '--upload-pack=touch /tmp/x', 'v1.0.0; id', '$(id)', 'v1.0.0\nv1.0.1', '../v1.0.0', 'v1.0.0..v1.0.1', 'v1.0.0^{}', 'refs/tags/v1.0.0', 'v1.0', `v1.0.0-${'a'.repeat(64)}`])(
        'refuses %j as the name of a release before it reaches any command',
        async (tag) => {
          expect(await failureOf(world.open().fetch(tag, null, signal))).toMatchObject({ code: 'invalid_request', message: expect.stringMatching(/^tag: /) })
        },
      )

      test('tells that the remote cannot be reached, and still lays out what it holds', async () => {
        const commit = await world.publish('v1.0.0', { [compose]: 'one' })
        await world.open().fetch('v1.0.0', null, signal)
        await world.remoteDown()
        const source = world.open()
        expect((await failureOf(source.listTags(signal))).code).toBe('remote_unreachable')
        expect((await failureOf(source.fetch('v1.0.0', commit, signal))).code).toBe('remote_unreachable')
        await source.checkout(commit, signal)
        expect(await world.releaseFiles(commit)).toEqual({ [compose]: 'one' })
        await world.remoteUp()
        expect(await source.fetch('v1.0.0', commit, signal)).toBe(commit)
      })
    })

    describe('checkouts', () => {
      test('lays out exactly the files of the commit, and once is enough', async () => {
        const files = { [compose]: 'one', 'src/deep/app.js': 'console.log(1)\n', 'a name with spaces': 'x' }
        const commit = await world.publish('v1.0.0', files)
        const source = world.open()
        await source.fetch('v1.0.0', null, signal)
        await source.checkout(commit, signal)
        await source.checkout(commit, signal)
        expect(await world.laidOut()).toEqual([commit])
        expect(await world.releaseFiles(commit)).toEqual(files)
      })

      test('calls at the same time end in one whole release each', async () => {
        const first = await world.publish('v1.0.0', { [compose]: 'one' })
        const second = await world.publish('v1.1.0', { [compose]: 'two' })
        const source = world.open()
        const commits = await Promise.all(['v1.0.0', 'v1.1.0', 'v1.0.0', 'v1.1.0'].map((tag) => source.fetch(tag, null, signal)))
        expect(commits).toEqual([first, second, first, second])
        await Promise.all([...commits, ...commits].map((commit) => source.checkout(commit, signal)))
        expect((await world.laidOut()).sort()).toEqual([first, second].sort())
        expect(await world.releaseFiles(second)).toEqual({ [compose]: 'two' })
      })

      test('lays out nothing for a commit that it does not hold', async () => {
        await world.publish('v1.0.0', { [compose]: 'one' })
        for (const commit of [nobody, `adopted-${nobody.slice(0, 32)}`, 'HEAD']) {
          expect(await world.open().has(commit, signal)).toBe(false)
          expect((await failureOf(world.open().checkout(commit, signal))).code).toBe('unknown_commit')
        }
        expect(await world.laidOut()).toEqual([])
      })

      test('removes releases that are not in the set and what a killed daemon left, and keeps the rest', async () => {
        const first = await world.publish('v1.0.0', { [compose]: 'one' })
        const second = await world.publish('v1.1.0', { [compose]: 'two' })
        const source = world.open()
        for (const [tag, commit] of [['v1.0.0', first], ['v1.1.0', second]] as const) {
          await source.fetch(tag, null, signal)
          await source.checkout(commit, signal)
        }
        await world.leaveHalfACheckout()
        await source.prune(new Set([second]), signal)
        await source.prune(new Set([second]), signal)
        expect(await world.laidOut()).toEqual([second])
        await source.checkout(first, signal)
        expect(await world.releaseFiles(first)).toEqual({ [compose]: 'one' })
      })
    })

    describe("the operator's tree", () => {
      const fetched = async (tag: string, files: Record<string, string>): Promise<string> => {
        const commit = await world.publish(tag, files)
        await world.open().fetch(tag, null, signal)
        return commit
      }

      test('is brought forward and back again, and says where it stands', async () => {
        const first = await fetched('v1.0.0', { [compose]: 'one', old: 'gone later' })
        await world.cloneTree('v1.0.0')
        const second = await fetched('v1.1.0', { [compose]: 'two', fresh: 'new' })
        const source = world.open()
        expect(await source.describeTree(signal)).toEqual({ kind: 'clone', commit: first, ref: 'main', clean: true })
        await source.bringTree(second, signal)
        await source.bringTree(second, signal)
        expect(await source.describeTree(signal)).toMatchObject({ kind: 'clone', commit: second, clean: true })
        expect([await world.readTree(compose), await world.readTree('fresh'), await world.readTree('old')]).toEqual(['two', 'new', null])
        await source.bringTree(first, signal)
        expect(await source.describeTree(signal)).toMatchObject({ commit: first, clean: true })
        expect(await world.readTree(compose)).toBe('one')
      })

      test('tells how far it is behind or ahead of a release', async () => {
        const first = await fetched('v1.0.0', { [compose]: 'one' })
        await world.cloneTree('v1.0.0')
        await fetched('v1.1.0', { [compose]: 'two' })
        const third = await fetched('v1.2.0', { [compose]: 'three' })
        const source = world.open()
        expect(await source.treeDistance(first, signal)).toEqual({ ahead: 0, behind: 0 })
        expect(await source.treeDistance(third, signal)).toEqual({ ahead: 0, behind: 2 })
        await source.bringTree(third, signal)
        expect(await source.treeDistance(first, signal)).toEqual({ ahead: 2, behind: 0 })
        expect(await source.treeDistance(nobody, signal)).toBeNull()
        expect(await source.treeDistance(`adopted-${nobody.slice(0, 32)}`, signal)).toBeNull()
      })

      test('is not changed by any look at it', async () => {
        await fetched('v1.0.0', { [compose]: 'one' })
        await world.cloneTree('v1.0.0')
        const second = await fetched('v1.1.0', { [compose]: 'two' })
        const source = world.open()
        const before = await source.describeTree(signal)
        expect(await source.treeConflicts(second, signal)).toEqual([])
        expect(await source.describeTree(signal)).toEqual(before)
        expect(await world.readTree(compose)).toBe('one')
      })

      test('keeps local changes that the release does not touch', async () => {
        await fetched('v1.0.0', { [compose]: 'one', notes: 'a' })
        await world.cloneTree('v1.0.0')
        const second = await fetched('v1.1.0', { [compose]: 'two', notes: 'a' })
        await world.writeTree('notes', 'mine')
        await world.writeTree('.env', 'SECRET=1')
        const source = world.open()
        expect(await source.treeConflicts(second, signal)).toEqual([])
        await source.bringTree(second, signal)
        expect([await world.readTree(compose), await world.readTree('notes'), await world.readTree('.env')]).toEqual(['two', 'mine', 'SECRET=1'])
        expect(await source.describeTree(signal)).toMatchObject({ commit: second, clean: false })
      })

      test('names every local change in the way, overwrites none and stays where it is', async () => {
        const first = await fetched('v1.0.0', { [compose]: 'one', notes: 'a', '.gitignore': 'ignored\n' })
        await world.cloneTree('v1.0.0')
        const second = await fetched('v1.1.0', { [compose]: 'two', notes: 'b', 'new/file': 'x', ignored: 'now tracked', '.gitignore': 'ignored\n' })
        const mine = { [compose]: 'edited', 'new/file': 'mine', ignored: 'precious' }
        for (const [path, content] of Object.entries(mine)) await world.writeTree(path, content)
        const source = world.open()
        expect((await source.treeConflicts(second, signal)).sort()).toEqual(Object.keys(mine).sort())
        const refusal = await failureOf(source.bringTree(second, signal))
        expect(refusal.code).toBe('tree_conflict')
        for (const [path, content] of Object.entries(mine)) {
          expect(refusal.message).toContain(path)
          expect(await world.readTree(path)).toBe(content)
        }
        expect(await source.describeTree(signal)).toMatchObject({ commit: first })
        expect(await world.readTree('notes')).toBe('a')
      })

      test('stays as it is for an adopted stack, whose commit is in no repository', async () => {
        const first = await fetched('v1.0.0', { [compose]: 'one' })
        await world.cloneTree('v1.0.0')
        const source = world.open()
        expect(await source.treeConflicts(`adopted-${nobody.slice(0, 32)}`, signal)).toEqual([])
        await source.bringTree(`adopted-${nobody.slice(0, 32)}`, signal)
        expect(await source.describeTree(signal)).toMatchObject({ commit: first, clean: true })
        expect((await failureOf(source.bringTree(nobody, signal))).code).toBe('unknown_commit')
      })

      test('that is no clone of the repository is left as it is', async () => {
        const commit = await fetched('v1.0.0', { [compose]: 'one' })
        await world.makeTreeForeign({ [compose]: 'theirs' })
        const source = world.open()
        expect(await source.describeTree(signal)).toMatchObject({ kind: 'foreign', reason: expect.stringMatching(/./) })
        expect(await source.treeConflicts(commit, signal)).toEqual([])
        expect(await source.treeDistance(commit, signal)).toBeNull()
        await source.bringTree(commit, signal)
        expect(await world.readTree(compose)).toBe('theirs')
      })
    })

    test('a caller that has stopped waiting gets its own reason back', async () => {
      const commit = await world.publish('v1.0.0', { [compose]: 'one' })
      const source = world.open()
      await source.fetch('v1.0.0', null, signal)
      const reason = new UpdaterError('cancelled', 'Cancelled by an operator.')
      const aborted = AbortSignal.abort(reason)
      for (const call of [() => source.listTags(aborted), () => source.fetch('v1.0.0', commit, aborted), () => source.checkout(commit, aborted)]) {
        expect(await failureOf(call())).toBe(reason)
      }
      expect(await world.laidOut()).toEqual([])
    })
  })
}

async function failureOf(call: Promise<unknown>): Promise<UpdaterError> {
  const outcome = await call.then((value) => ({ value }), (error: unknown) => ({ error }))
  if ('error' in outcome && outcome.error instanceof UpdaterError) return outcome.error
  throw new Error('the call should have been refused with an UpdaterError', { cause: outcome })
}
