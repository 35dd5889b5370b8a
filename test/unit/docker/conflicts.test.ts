import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { errorOf, limit, makeProject, release, type Project } from './project.ts'

const id = 'f1'.repeat(32)

/** What an engine answers to calls by method and path, one after the other; the last answer stays. */
type Answers = Readonly<Record<string, readonly (readonly [status: number, body: unknown])[]>>

/** An engine that answers these calls alone. Tells what it was asked. */
async function engineOf({ root }: Project, answers: Answers): Promise<string[]> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const call = `${request.method ?? ''} ${decodeURIComponent(new URL(request.url ?? '', 'http://engine').pathname)}`
    const inTurn = answers[call] ?? [[501, { message: `${call} is not modelled` }] as const]
    const [status, body] = inTurn[Math.min(asked.filter((one) => one === call).length, inTurn.length - 1)] ?? [501, {}]
    asked.push(call)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(join(root, 'no-engine.sock'))
  await once(server, 'listening')
  return asked
}

const gone = [404, { message: 'No such container' }] as const
const removing = [200, { Id: id, State: { Status: 'removing' } }] as const

describe('a removal that the engine refuses with 409', () => {
  const refused = [409, { message: `removal of container ${id} is already in progress` }] as const

  it('fault 24: is waited for where another removal is under way', async () => {
    const project = await makeProject()
    const asked = await engineOf(project, { [`DELETE /containers/${id}`]: [refused], [`GET /containers/${id}/json`]: [removing, removing, gone] })
    await project.runtime().remove(id, limit())
    expect(asked).toEqual([`DELETE /containers/${id}`, ...Array<string>(3).fill(`GET /containers/${id}/json`)])
  })

  it('fault 24: is a failure where the other removal does not end', async () => {
    const project = await makeProject()
    await engineOf(project, { [`DELETE /containers/${id}`]: [refused], [`GET /containers/${id}/json`]: [removing] })
    await expect(project.runtime().remove(id, limit())).rejects.toMatchObject({ code: 'engine_failed', message: expect.stringContaining('already in progress') })
  })

  it('fault 24: is a failure at once where the container runs', async () => {
    const project = await makeProject()
    const asked = await engineOf(project, {
      [`DELETE /containers/${id}`]: [[409, { message: `You cannot remove a running container ${id}.` }]],
      [`GET /containers/${id}/json`]: [[200, { Id: id, State: { Status: 'running' } }]],
    })
    await expect(project.runtime().remove(id, limit())).rejects.toMatchObject({ code: 'engine_failed', message: expect.stringContaining('a running container') })
    expect(asked).toHaveLength(2)
  })
})

describe('a container name that somebody else has', () => {
  const conflict = `Error response from daemon: Conflict. The container name "/my-bot" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`

  /** How an `up` of the bot ends whose name is taken by a container that the engine tells this of. */
  async function upBeside(holder: readonly [number, unknown]): Promise<unknown> {
    const project = await makeProject()
    await project.write('checkout', { 'docker-compose.yml': "services: { bot: { image: 'bot:current', build: { context: '@' } } }" })
    await project.write('root', { 'taken.cjs': `
      if (process.argv.includes('config')) process.stdout.write(require('node:fs').readFileSync(process.argv[process.argv.lastIndexOf('-f') + 1]))
      else { process.stderr.write(${JSON.stringify(`${conflict}\nEncountered errors while bringing up the project.\n`)}); process.exitCode = 1 }
    ` })
    await engineOf(project, { 'GET /images/bot:current/json': [[200, { Id: 'sha256:1' }]], 'GET /containers/json': [[200, []]], [`GET /containers/${id}/json`]: [holder] })
    return await errorOf(project.runtime({ composeCommand: [process.execPath, join(project.root, 'taken.cjs')] }).up(release, ['bot'], limit()))
  }
  const holder = (labels: Record<string, string>, status = 'running') => [200, { Id: id, Config: { Image: 'some/image:1', Labels: labels }, State: { Status: status } }] as const

  it.each([
    ['another project', { 'com.docker.compose.project': 'staging', 'com.docker.compose.service': 'worker' }, 'the service worker of the compose project staging'],
    ['this project’s other service', { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'worker' }, 'the service worker of this compose project'],
    ['a one-off run', { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'bot', 'com.docker.compose.oneoff': 'True' }, 'a one-off run (docker compose run) of the service bot of this compose project'],
    ['nobody’s project', {}, 'no compose project'],
  ])('fault 24: is told with whose it is, and what to do: %s', async (_, labels, whose) => {
    expect(await upBeside(holder(labels))).toMatchObject({
      code: 'compose_failed',
      message: `Compose could not start bot: the name my-bot is taken by the container f1f1f1f1f1f1 (some/image:1, running) of ${whose}; rename that container (docker rename f1f1f1f1f1f1 <another name>) or remove it, and try again.`,
      details: { stderr: [conflict, 'Encountered errors while bringing up the project.'], logs: {} },
    })
  })

  it('fault 24: is told to be free again where the container has gone meanwhile', async () => {
    expect(await upBeside(gone)).toMatchObject({ code: 'compose_failed', message: expect.stringMatching(/name my-bot was taken by the container f1f1f1f1f1f1, which has gone meanwhile; try again\.$/) })
  })

  it('fault 24: is told by its id where the engine cannot say whose it is', async () => {
    expect(await upBeside([500, { message: 'out of memory' }])).toMatchObject({
      code: 'compose_failed', message: expect.stringMatching(/name my-bot is taken by the container f1f1f1f1f1f1, of which nothing more is known: .* out of memory\.$/),
    })
  })
})
