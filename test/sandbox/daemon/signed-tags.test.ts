import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, makeKey, signTag, titleWithSigning, withoutSigning, type Key } from '../../git/signing.ts'
import { begin, type Story } from './story.ts'
import { at, eventually } from './waiting.ts'

let story: Story
let key: Key
let config: string
const apply = (tag: string) => story.stack.skills.post('/update/apply', { tag, version: tag.slice(1) })

describe.skipIf(withoutSigning)(titleWithSigning('fault 39: an installation with allowed signers'), () => {
  beforeAll(async () => {
    story = await begin()
    const { root } = story.stack.project
    key = await makeKey(root, 'releaser')
    const allowedSigners = join(root, 'allowed-signers')
    await allow(allowedSigners, key)
    config = join(root, 'signed-updater.yml')
    await writeFile(config, `${await readFile(join(root, 'updater.yml'), 'utf8')}git: {allowedSigners: ${allowedSigners}}\n`)
    await story.start({ UPDATER_CONFIG: config })
    await story.rest()
  })
  afterAll(() => story.end())

  it('answers the apply of an unsigned tag as failed, with the reason, and holds it against nothing and nobody', async () => {
    await story.stack.project.publish('v1.1.0')
    expect(await apply('v1.1.0')).toMatchObject({
      status: 500,
      body: { status: 'failed', active_color: 'blue', paused: false, pause_reason: null, error: expect.stringMatching(/^The tag v1\.1\.0 carries no signature by anybody listed in .*allowed-signers/) },
    })
    await story.rest()
    expect(await story.status()).toMatchObject({ paused: false, active: { tag: 'v1.0.0' }, last_attempted_tag: 'v1.1.0' })
    expect(at(await story.state(), 'record')).toMatchObject({ quarantine: [], holds: [], failuresInARow: 0, operation: null })
  })

  it('has nothing of it to roll back to', async () => {
    const { commit } = story.stack.project.release('v1.1.0')
    expect(await story.stack.updater.post('/update/rollback', { previous_sha: commit })).toMatchObject({ status: 404 })
  })

  it('rolls the same commit out once one of them has signed its tag', async () => {
    await signTag(join(story.stack.project.root, 'origin'), 'v1.1.0', key)
    await story.stack.project.publish('v1.1.0')
    const { commit } = story.stack.project.release('v1.1.0')
    expect(await apply('v1.1.0')).toMatchObject({ status: 200, body: { status: 'success', active_color: 'green', new_sha: commit } })
    await story.rest()
  })

  it('tries an unsigned tag that polling finds once, not at each look, and takes it when an operator asks once it is signed', async () => {
    const polled = async (key: string): Promise<unknown> => at((await story.status())['polling'], key)
    const attempts = async (): Promise<number> => {
      const { entries } = (await story.stack.updater.get('/update/history')).body
      return Array.isArray(entries) ? entries.filter((entry) => at(entry, 'tag') === 'v1.6.0').length : 0
    }
    await story.stack.project.publish('v1.6.0')
    await story.stack.daemon().end('SIGTERM')
    await story.start({ UPDATER_CONFIG: config, AUTO_UPDATE_ENABLED: 'true', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '* * * * * *' })
    const leftAlone = 'v1.6.0 was found, but it failed (1 in a row) and is tried again in 1 min: The tag v1.6.0 carries no signature by'
    await eventually('the tag being left alone', async () => (String(await polled('outcome')).startsWith(leftAlone) ? true : null))
    const last = await polled('last_look_at')
    await eventually('another look', async () => ((await polled('last_look_at')) === last ? null : true))
    expect(await attempts()).toBe(1)
    expect(await story.status()).toMatchObject({ state: 'idle', paused: false })

    await signTag(join(story.stack.project.root, 'origin'), 'v1.6.0', key)
    await story.stack.project.publish('v1.6.0')
    expect(await apply('v1.6.0')).toMatchObject({ status: 200, body: { status: 'success' } })
    await story.rest()
  })
})
