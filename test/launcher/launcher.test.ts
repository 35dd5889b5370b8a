import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { loadBundle } from '../../scripts/run-bundle.js'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zeth-launcher-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await cp(dist, directory, { recursive: true })
})

const firstLine = async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(directory, 'zetherion-updater.cjs'), '--help'], { timeout: 10_000 })
  return stdout.split('\n')[0]
}
const usage = 'zetherion-updater: keeps a Docker Compose stack behind Traefik on its newest good release.'

test('the compiled code that a build makes is taken by the Node that made it', async () => {
  const { bundle, code } = await files()
  expect(loadBundle(bundle, code).cachedDataRejected).toBe(false)
  expect(await firstLine()).toBe(usage)
})

test('the updater runs without its compiled code', async () => {
  await rm((await files()).code)
  expect(await firstLine()).toBe(usage)
})

test.each([
  ['of another Node', (code: Buffer) => Buffer.concat([Buffer.from('an other'), code.subarray(8)])],
  ['cut short', (code: Buffer) => code.subarray(0, 100)],
  ['empty', () => Buffer.alloc(0)],
])('the updater runs with compiled code %s', async (_, damage) => {
  const { code } = await files()
  await writeFile(code, damage(await readFile(code)))
  expect(await firstLine()).toBe(usage)
})

async function files(): Promise<{ bundle: string; code: string }> {
  const code = (await readdir(directory)).find((name) => name.endsWith('.v8-code'))
  if (code === undefined) throw new Error('the build made no compiled code')
  return { bundle: join(directory, code.replace('.v8-code', '.js')), code: join(directory, code) }
}
