import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** What the project's lint rules say of a file at this place that only has this line. */
async function lint(path: string, line: string): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'zeth-lint-'))
  onTestFinished(() => rm(root, { recursive: true }))
  await mkdir(dirname(join(root, path)), { recursive: true })
  await copyFile(join(repository, '.oxlintrc.json'), join(root, '.oxlintrc.json'))
  await writeFile(join(root, path), `${line}\n`)
  const { stdout, stderr } = spawnSync(process.execPath, [join(repository, 'node_modules/oxlint/bin/oxlint'), '--format=unix', path], { cwd: root, encoding: 'utf8', timeout: 20_000 })
  return stdout + stderr
}

test.each([
  ['src/rollout/a.ts', "export { readFile } from 'node:fs/promises'"],
  ['src/rollout/a.ts', "export { pino } from 'pino'"],
  ['src/rollout/a.ts', "export { createNodeFiles } from '../storage/node-files.ts'"],
  ['src/rollout/steps/a.ts', "export { createNodeFiles } from '../../storage/node-files.ts'"],
  ['src/rollout/a.ts', "export { Updater } from '../updater/updater.ts'"],
  ['src/rollout/a.ts', 'export const now = Date.now()'],
  ['src/rollout/a.ts', 'export const chance = Math.random()'],
  ['src/rollout/a.ts', 'export const timer = setTimeout(String, 1)'],
  ['src/updater/a.ts', "export { createWorld } from '../world.ts'"],
  ['src/updater/a.ts', 'export const pid = process.pid'],
])('the core may not: %s: %s', async (path, line) => {
  expect(await lint(path, line)).toMatch(/no-restricted-(imports|globals|properties)/)
})

test.each([
  ['src/rollout/steps/a.ts', "export { UpdaterError } from '../errors.ts'"],
  ['src/updater/a.ts', "export { UpdaterError } from '../rollout/errors.ts'"],
  ['src/storage/a.ts', "export { UpdaterError } from '../rollout/errors.ts'"],
])('it may: %s: %s', async (path, line) => {
  expect(await lint(path, line)).not.toContain('no-restricted')
})
