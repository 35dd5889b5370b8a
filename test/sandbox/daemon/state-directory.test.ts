import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { begin, type Story } from './story.ts'
import { eventually } from './waiting.ts'

let story: Story

beforeAll(async () => {
  story = await begin()
})
afterAll(() => story.end())

it('a state directory that cannot be made is tried again until it can, without a restart; what serves is taken over then', async () => {
  const inTheWay = join(story.stack.project.root, 'in-the-way')
  await writeFile(inTheWay, 'a file')
  await story.start({ UPDATER_STATE_PATH: join(inTheWay, 'state/updater-state.json') })
  expect(await story.status()).toMatchObject({ observing: expect.stringContaining(inTheWay), active_color: null })
  expect(await story.stack.updater.post('/maintenance', { reason: 'new disks' })).toMatchObject({ status: 503, body: { error: expect.stringContaining(inTheWay) } })

  await rm(inTheWay)
  await eventually('what serves being taken over', async () => ((await story.status())['active_color'] === 'blue' ? true : null))
  expect(await story.status()).toMatchObject({ observing: null, active: { tag: 'v1.0.0' } })
  expect(await story.stack.updater.post('/maintenance', { reason: 'new disks' })).toMatchObject({ status: 200 })
  expect(await story.status()).toMatchObject({ paused: true, maintenance: { reason: 'new disks', by: 'api 127.0.0.1' } })
})
