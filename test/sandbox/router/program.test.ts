import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bundleProgram, sandboxSources } from '../runtime/programs.ts'
import { until } from './router-world.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'router-program-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

it('runs as a program that tells its ports and leaves on SIGTERM', async () => {
  const portsFile = join(directory, 'ports.json')
  await writeFile(join(directory, 'updater-routes.yml'), '')
  const program = await bundleProgram(join(sandboxSources, 'router-main.ts'), directory)
  const child = spawn(process.execPath, [program, '--routes', directory, '--hosts', join(directory, 'hosts.json'), '--entry-point', 'skills=0', '--ports-file', portsFile], { stdio: 'ignore', env: {} })
  const ended = once(child, 'exit')
  const ports: unknown = await until('the ports file', async () => readFile(portsFile, 'utf8').then((text): unknown => JSON.parse(text), () => undefined))
  const answer = await fetch(`http://127.0.0.1:${Object(ports).skills}/`)
  expect([answer.status, await answer.text()]).toEqual([404, '404 page not found\n'])
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

it('refuses a call without entry points, with its usage', async () => {
  const program = await bundleProgram(join(sandboxSources, 'router-main.ts'), directory)
  const child = spawn(process.execPath, [program, '--routes', directory], { stdio: ['ignore', 'pipe', 'ignore'], env: {} })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(output).toContain('usage: router')
})
