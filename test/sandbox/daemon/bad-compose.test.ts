import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from './at-rest.ts'
import { publishChanged } from './changed-release.ts'
import { begin, type Story } from './story.ts'
import { at } from './waiting.ts'

let story: Story

beforeAll(async () => {
  story = await begin()
  story.startLoad()
  await story.start()
  await story.rest()
})
afterAll(() => story.end())

const bad = [
  { tag: 'v2.0.0', what: 'does not parse', from: '  zetherion-ai-bot:\n', to: '  zetherion-ai-bot: [\n', reason: /^v2\.0\.0 cannot run here: docker-compose\.yml:\d+:\d+ at v2\.0\.0: this is not YAML: [^;]+\. Nothing was changed\.$/ },
  { tag: 'v2.1.0', what: 'lacks a managed service', from: '  zetherion-ai-bot:\n', to: '  zetherion-ai-robot:\n', reason: /docker-compose\.yml:\d+:1 at v2\.1\.0: there is no service zetherion-ai-bot\./ },
  { tag: 'v2.2.0', what: 'wants what nobody sets', from: '  zetherion-ai-bot:\n', to: '  zetherion-ai-bot:\n    labels: { owner: "${NOBODY_SETS_THIS:?who is it}" }\n', reason: /docker-compose\.yml:\d+:22 at v2\.2\.0: this wants the variable NOBODY_SETS_THIS, which \.env does not set \(who is it\)\./ },
] as const

describe.each(bad)('a release whose compose file $what', ({ tag, from, to, reason }) => {
  it('is refused before anything is changed, with file and line, is quarantined and pauses', async () => {
    const commit = await publishChanged(story.stack.project, tag, [{ from, to }])
    const before = await everything()
    const { status, body } = await story.stack.skills.post('/update/apply', { tag, version: tag.slice(1) })

    expect(status).toBe(500)
    expect(body).toMatchObject({
      status: 'failed', new_sha: commit, active_color: 'blue', error: expect.stringMatching(reason), steps_completed: ['git_fetch_tags', 'git_checkout_tag'],
      paused: true, pause_reason: `${tag}: ${String(body['error'])}`,
    })
    expect(String(body['error'])).not.toContain(story.stack.project.root)
    expect(at(await story.state(), 'record', 'quarantine')).toContainEqual(expect.objectContaining({ tag, commit }))
    await story.rest()
    expect(await everything()).toEqual(before)
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200, body: { resumed: true } })
  })
})

it('no request had failed', async () => {
  expect((await story.loadUntilNow()).failed).toEqual([])
})

/** What a refused release must leave as it is: routes, processes, images, the operator's tree. */
async function everything(): Promise<unknown> {
  const { stack } = story
  return {
    routes: await stack.routes(),
    containers: (await containersOf(stack)).map(({ id, state }) => `${id} ${state}`).sort(),
    images: (await readdir(join(stack.project.root, 'sandbox/images'))).sort(),
    head: await stack.project.git('rev-parse', 'HEAD'),
  }
}
