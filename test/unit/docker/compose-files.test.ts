import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { composeFilesOf } from '../../../src/docker/compose/files.ts'

const commit = 'c'.repeat(40)
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'compose-files-'))
  for (const directory of ['project', `releases/${commit}`, 'releases/adopted-0']) {
    await mkdir(join(root, directory), { recursive: true })
    await writeFile(join(root, directory, 'docker-compose.yml'), 'services: {}\n')
  }
  await writeFile(join(root, 'project/docker-compose.override.yml'), 'services: {}\n')
})

afterEach(() => rm(root, { recursive: true, force: true }))

const filesOf = async (release: string, foreign: boolean): Promise<string[]> => {
  const files = await composeFilesOf({
    composeFiles: null, projectDirectory: join(root, 'project'), releasesDirectory: join(root, 'releases'),
  }, () => Promise.resolve(foreign), release)
  return files.map(({ path }) => path.slice(root.length + 1))
}

test('tracked compose files come from the release, an operator\'s override from the project directory', async () => {
  expect(await filesOf(commit, false)).toEqual([`releases/${commit}/docker-compose.yml`, 'project/docker-compose.override.yml'])
})

test('a project directory that is no clone of the repository counts with its own compose files', async () => {
  expect(await filesOf(commit, true)).toEqual(['project/docker-compose.yml', 'project/docker-compose.override.yml'])
})

test('what was found running keeps its own snapshot also in a foreign project directory', async () => {
  expect(await filesOf('adopted-0', true)).toEqual(['releases/adopted-0/docker-compose.yml', 'project/docker-compose.override.yml'])
})

test('the same counts where what was found running is named by its commit', async () => {
  await writeFile(join(root, `releases/${commit}/.zetherion-adopted`), '')
  expect(await filesOf(commit, true)).toEqual([`releases/${commit}/docker-compose.yml`, 'project/docker-compose.override.yml'])
})
