import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { filesOf, services } from '../../contract/container-runtime/suite.ts'
import { bringUp, everyService, limit } from '../../contract/container-runtime/world.ts'
import { errorOf } from '../../unit/docker/project.ts'
import { writeFiles } from './fixture.ts'
import { onEngine } from './on-engine.ts'

const execFileAsync = promisify(execFile)

onEngine('Containers on a Docker engine', (here) => {
  it('that cannot be started say why, and never tell what is in their environment', async () => {
    const { runtime, release, projectDirectory } = here()
    await writeFiles(projectDirectory, {
      '.env': 'TOKEN=hush-hush\n',
      'docker-compose.override.yml': 'services: { bot: { entrypoint: [/no/such/program], environment: { TOKEN: "${TOKEN}" } } }',
    })
    await runtime.build(release('good'), [services.bot], () => undefined, limit())
    await runtime.tag(release('good'), [services.bot], limit())
    const error = await errorOf(runtime.up(release('good'), [services.bot], limit()))
    expect(error).toMatchObject({ code: 'compose_failed', message: expect.stringContaining('/no/such/program'), details: { logs: { bot: [] } } })
    expect(JSON.stringify(error)).not.toContain('hush-hush')
  })

  it('fault 24: that cannot have their name are told with whose container has it, which is left alone', async () => {
    const { runtime, release, projectDirectory, docker, project } = here()
    await writeFiles(projectDirectory, { 'docker-compose.override.yml': 'services: { bot: { container_name: my-bot } }' })
    await runtime.build(release('good'), [services.bot], () => undefined, limit())
    await runtime.tag(release('good'), [services.bot], limit())
    const theirs = await docker.createContainer({ name: 'my-bot', Image: 'contract-bot:current', Labels: { 'com.docker.compose.project': `${project}other`, 'com.docker.compose.service': 'worker' } })
    const error = await errorOf(runtime.up(release('good'), [services.bot], limit()))
    expect(error).toMatchObject({
      code: 'compose_failed',
      message: expect.stringContaining(`the name my-bot is taken by the container ${theirs.id.slice(0, 12)} (contract-bot:current, created) of the service worker of the compose project ${project}other; rename that container`),
    })
    await docker.getContainer(theirs.id).rename({ name: 'another' })
    expect(await runtime.up(release('good'), [services.bot], limit())).toMatchObject([{ service: services.bot, state: 'running' }])
    await theirs.remove()
  })

  it('get what the operator’s override says, beside the release’s own file', async () => {
    const { runtime, release, projectDirectory, docker } = here()
    await writeFiles(projectDirectory, { 'docker-compose.override.yml': 'services: { bot: { environment: { FROM_OVERRIDE: "yes" } } }' })
    const [started] = await bringUp(runtime, release('good'), [services.bot])
    const { Config } = await docker.getContainer(started?.id ?? '').inspect()
    expect(Config.Env).toEqual(expect.arrayContaining(['FROM_OVERRIDE=yes', 'PORT=8080']))
  })

  it('of what was adopted come back with the compose file that they had', async () => {
    const { runtime, release, projectDirectory, docker } = here()
    await writeFiles(projectDirectory, { 'docker-compose.override.yml': 'services: { bot: { environment: { FROM_OVERRIDE: "then" } } }' })
    const [started] = await bringUp(runtime, release('good'), [services.bot])
    if (started === undefined) throw new Error('no container was started')
    const adopted = { tag: 'adopted', version: 'unknown', commit: `adopted-${'5'.repeat(32)}` }
    await runtime.adopt(adopted, [started], [], limit())
    await writeFiles(projectDirectory, { 'docker-compose.yml': 'services: {}', 'docker-compose.override.yml': 'services: { bot: { environment: { FROM_OVERRIDE: "now" } } }' })
    await runtime.stop(started.id, 100, limit())
    await runtime.remove(started.id, limit())
    await runtime.preflight(adopted, [services.bot], 0, limit())
    const [back] = await bringUp(runtime, adopted, [services.bot])
    const { Config } = await docker.getContainer(back?.id ?? '').inspect()
    expect(Config.Env).toContain('FROM_OVERRIDE=then')
    await expect(runtime.build({ ...adopted, commit: `adopted-${'6'.repeat(32)}` }, [services.bot], () => undefined, limit())).rejects.toMatchObject({ code: 'compose_failed' })
    expect(await docker.listImages({ filters: { reference: ['contract-bot:adopted-5555'] } })).toHaveLength(1)
  })

  it('of what was adopted come back also where the compose files that they were made by named no image, as the predecessor’s', async () => {
    const { runtime, release, docker, project } = here()
    const [built] = await bringUp(runtime, release('good'), [services.bot])
    if (built === undefined) throw new Error('no container was started')
    await docker.getImage(built.imageId).tag({ repo: `${project}-${services.bot}`, tag: 'latest' })
    await runtime.stop(built.id, 100, limit())
    await runtime.remove(built.id, limit())
    const { id } = await docker.createContainer({
      Image: `${project}-${services.bot}`,
      Labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': services.bot, 'com.docker.compose.oneoff': 'False' },
    })
    await docker.getContainer(id).start()
    const running = await runtime.containers([services.bot], limit())
    const adopted = { tag: 'adopted', version: 'unknown', commit: `adopted-${'7'.repeat(32)}` }
    await runtime.adopt(adopted, running, [], limit())
    expect(await runtime.missingImages(adopted, [services.bot], limit())).toEqual([])
    await runtime.stop(id, 100, limit())
    await runtime.remove(id, limit())
    expect(await bringUp(runtime, adopted, [services.bot])).toMatchObject([{ imageId: built.imageId }])
  })

  it('of another project and one-off ones are not ours', async () => {
    const { runtime, release, another, docker, project } = here()
    const other = another({ project: `${project}other` })
    const [theirs] = await bringUp(other, release('good'), [services.bot])
    const oneOff = await docker.createContainer({
      Image: 'contract-bot:current',
      Labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': services.bot, 'com.docker.compose.oneoff': 'True' },
    })
    expect(await runtime.containers(everyService, limit())).toEqual([])
    await oneOff.remove()
    await runtime.stop(theirs?.id ?? '', 100, limit())
    await runtime.remove(theirs?.id ?? '', limit())
  })

  it('are found under a name that somebody else gave them', async () => {
    const { runtime, release, docker } = here()
    const [started] = await bringUp(runtime, release('good'), [services.bot])
    await docker.getContainer(started?.id ?? '').rename({ name: 'renamed-by-hand' })
    expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started?.id, state: 'running' }])
  })

  it('are left alone by a plain `docker compose up -d` of the operator, once the tree is at the release', async () => {
    const { runtime, release, projectDirectory, project, engine } = here()
    const started = await bringUp(runtime, release('next'), [services.blue, services.bot])
    await writeFiles(projectDirectory, { 'docker-compose.yml': filesOf('next')['docker-compose.yml'] ?? '' })
    const [command = '', ...args] = engine.composeCommand
    await execFileAsync(command, [...args, '-p', project, 'up', '-d', '--no-build', services.blue, services.bot], { cwd: projectDirectory, env: engine.env })
    const ids = (containers: readonly { id: string }[]) => containers.map(({ id }) => id).sort()
    expect(ids(await runtime.containers(everyService, limit()))).toEqual(ids(started))
  })
})
