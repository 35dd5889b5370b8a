import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { errorOf, limit, makeProject } from './project.ts'

const ours = { 'zetherion.updater.project': 'stack', 'org.opencontainers.image.revision': 'b'.repeat(40) }

/** Three images of an old release, and how the engine answers the removal of each; the cache after them. */
async function pruning(answers: readonly [number, number, number], cache: number) {
  const project = await makeProject()
  const asked: string[] = []
  const container = { Id: 'c1', Image: 'sha256:0', Config: { Image: 'bot:current', Labels: { 'com.docker.compose.service': 'bot' } }, State: { Status: 'running', StartedAt: '' }, NetworkSettings: { Networks: {} } }
  const answerTo = (method: string, path: string): [number, unknown] => {
    if (path === '/containers/json') return [200, [{ Id: 'c1', Labels: container.Config.Labels }]]
    if (path === '/containers/c1/json') return [200, container]
    if (path === '/images/sha256:0/json') return [200, { Id: 'sha256:0' }]
    if (path === '/images/json') return [200, answers.map((_, index) => ({ Id: `sha256:${index + 1}`, RepoTags: [`bot:${`${index + 1}`.repeat(12)}`], Labels: ours }))]
    asked.push(`${method} ${path}`)
    const status = path === '/build/prune' ? cache : (answers[Number(path.at(-1)) - 1] ?? 500)
    return [status, status < 300 ? [] : { message: `trouble with ${path.slice(-3)}` }]
  }
  const server = createServer((request, response) => {
    const [status, body] = answerTo(request.method ?? '', decodeURIComponent(new URL(request.url ?? '', 'http://engine').pathname))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(join(project.root, 'no-engine.sock'))
  await once(server, 'listening')
  return { asked, error: await errorOf(project.runtime().prune(new Set(), ['bot'], limit())) }
}

const everything = ['DELETE /images/bot:111111111111', 'DELETE /images/bot:222222222222', 'DELETE /images/bot:333333333333', 'POST /build/prune']

describe('what cannot be removed', () => {
  it('is told once all the rest was tried, with how much it is and the first reason', async () => {
    const { asked, error } = await pruning([500, 200, 500], 500)
    expect(asked).toEqual(everything)
    expect(error).toMatchObject({
      code: 'engine_failed',
      message: '2 images and build cache could not be removed; the first reason: Docker could not remove the image bot:111111111111: trouble with 111.',
      details: { reasons: [expect.stringContaining('with 111'), expect.stringContaining('with 333'), expect.stringContaining('build cache')] },
    })
  })

  it('is told where it is build cache alone', async () => {
    const { error } = await pruning([200, 200, 200], 500)
    expect(error).toMatchObject({ code: 'engine_failed', message: 'build cache could not be removed: Docker could not remove build cache: trouble with une.' })
  })

  it('is no failure where a container uses an image, or where it has gone by itself', async () => {
    const { asked, error } = await pruning([409, 404, 200], 200)
    expect(asked).toEqual(everything)
    expect(error).toBeUndefined()
  })
})
