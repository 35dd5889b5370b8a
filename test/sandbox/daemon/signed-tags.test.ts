import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, makeKey, signTag, titleWithSigning, withoutSigning, type Key } from '../../git/signing.ts'
import { begin, type Story } from './story.ts'
import { at } from './waiting.ts'

let story: Story
let key: Key
const apply = (tag: string) => story.stack.skills.post('/update/apply', { tag, version: tag.slice(1) })

describe.skipIf(withoutSigning)(titleWithSigning('fault 39: an installation with allowed signers'), () => {
  beforeAll(async () => {
    story = await begin()
    const { root } = story.stack.project
    key = await makeKey(root, 'releaser')
    const allowedSigners = join(root, 'allowed-signers')
    await allow(allowedSigners, key)
    const config = join(root, 'signed-updater.yml')
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
})
