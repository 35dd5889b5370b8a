import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { engineAvailable, machineScripts, missing } from './availability.ts'
import { startEngine, type Engine } from './engine.ts'

const reason = missing(engineAvailable(), ['docker', 'traefik', 'compose'])
const title = reason === undefined ? 'a private engine' : `a private engine (not run: ${reason})`

describe.skipIf(reason !== undefined)(title, { timeout: 90_000 }, () => {
  test('runs a compose project behind Traefik, and again after a crash, and leaves nothing', async () => {
    const engine = await startEngine()
    onTestFinished(() => engine.stop())
    const project = await writeProject(engine.traefikImage)
    await compose(engine, project, 'up', '-d')

    await expect.poll(() => throughTraefik(engine), { timeout: 10_000 }).toBe('web says what words says: hello')

    await engine.kill()
    await engine.restart()
    await compose(engine, project, 'up', '-d')
    await expect.poll(() => throughTraefik(engine), { timeout: 10_000 }).toBe('web says what words says: hello')

    await engine.stop()
    expect(existsSync(engine.socketPath)).toBe(false)
    await expect.poll(() => processesNaming(engine.env.HOME), { timeout: 5_000 }).toEqual([])
  })

  test('ends with the process that started it, even when that one is killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'zeth-engine-'))
    const owner = spawn('sleep', ['60'], { stdio: 'ignore' })
    await runFile(`${machineScripts}engine.sh`, ['start', directory, '--owner', String(owner.pid)])
    expect(existsSync(join(directory, 'docker.sock'))).toBe(true)

    owner.kill('SIGKILL')

    await expect.poll(() => existsSync(directory), { timeout: 15_000 }).toBe(false)
    await expect.poll(() => processesNaming(directory), { timeout: 5_000 }).toEqual([])
  })
})

const runFile = promisify(execFile)

const compose = (engine: Engine, project: string, ...args: string[]) => {
  const [command = '', ...first] = engine.composeCommand
  return runFile(command, [...first, '--project-directory', project, '-p', 'try', ...args], { env: engine.env, timeout: 60_000 })
}

/** The answer as the host sees it on the published port; undefined while there is none. */
async function throughTraefik(engine: Engine): Promise<string | undefined> {
  const { stdout } = await runFile('docker', ['port', 'try-traefik', '8080'], { env: engine.env })
  const answer = await fetch(`http://${stdout.trim()}/`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  return answer?.status === 200 ? answer.text() : undefined
}

async function writeProject(traefikImage: string): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'zeth-project-'))
  onTestFinished(() => rm(project, { recursive: true }))
  await mkdir(join(project, 'dynamic'))
  await writeFile(join(project, 'dynamic/routes.yml'), routes)
  await writeFile(join(project, 'docker-compose.yml'), composeFile(traefikImage))
  return project
}

const routes = `
http:
  routers: { web: { rule: "PathPrefix(\`/\`)", service: web } }
  services: { web: { loadBalancer: { servers: [{ url: "http://web:8080" }] } } }
`

const composeFile = (traefikImage: string) => `
services:
  traefik:
    image: ${traefikImage}
    container_name: try-traefik
    command: [--entrypoints.web.address=:8080, --providers.file.directory=/dynamic, --global.checknewversion=false]
    user: "65532"
    read_only: true
    cap_drop: [ALL]
    ports: ["127.0.0.1::8080"]
    volumes: ["./dynamic:/dynamic:ro"]
    stop_grace_period: 1s
  web:
    image: gcr.io/distroless/nodejs20-debian12:nonroot
    command: [-e, "${program("fetch('http://words:8080').then(r => r.text()).then(t => answer.end('web says what words says: ' + t), e => { answer.statusCode = 503; answer.end(String(e)) })")}"]
  words:
    image: gcr.io/distroless/nodejs20-debian12:nonroot
    command: [-e, "${program("answer.end('hello')")}"]
`

const program = (respond: string) =>
  `process.on('SIGTERM', () => process.exit()); require('http').createServer((request, answer) => { ${respond} }).listen(8080)`

async function processesNaming(text: string): Promise<string[]> {
  const { stdout } = await runFile('ps', ['-eo', 'stat=,args='])
  return stdout.split('\n').filter((line) => line.includes(text) && !line.startsWith('Z'))
}
