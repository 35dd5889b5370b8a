import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keepBelonging } from '../../../src/docker/compose/belonging.ts'
import { errorOf, makeProject, release } from './project.ts'
import type { Project } from './project.ts'

const { commit } = release
const answer = (foreign: boolean, sure = true) => () => Promise.resolve({ foreign, sure })
const broken = () => Promise.reject(new Error('no git'))
const start = ({ releases }: Project, isForeignProject: () => Promise<{ foreign: boolean; sure: boolean }>) => keepBelonging({ releasesDirectory: releases, isForeignProject })

it.each([true, false])('is known without git after a restart, as it was told (foreign: %s)', async (foreign) => {
  const project = await makeProject()
  expect(await start(project, answer(foreign)).asked(commit)).toBe(foreign)
  expect(await start(project, broken).kept(commit)).toBe(foreign)
})

it('is asked where nothing was kept, and the failure is told', async () => {
  const project = await makeProject()
  expect(await errorOf(start(project, broken).kept(commit))).toEqual(new Error('no git'))
})

it('is not kept while it is not sure; what was sure before counts then', async () => {
  const project = await makeProject()
  const daemon = start(project, answer(true, false))
  expect(await daemon.kept(commit)).toBe(true)
  expect(await errorOf(start(project, broken).kept(commit))).toEqual(new Error('no git'))
  await start(project, answer(false)).asked(commit)
  expect([await daemon.kept(commit), await daemon.asked(commit)]).toEqual([false, false])
})

it('is asked once while it cannot be kept', async () => {
  const project = await makeProject()
  let asked = 0
  const daemon = keepBelonging({
    releasesDirectory: join(project.root, 'none'),
    isForeignProject: () => {
      asked += 1
      return Promise.resolve({ foreign: true, sure: true })
    },
  })
  expect([await daemon.kept(commit), await daemon.kept(commit), asked]).toEqual([true, true, 1])
})

it('is asked anew for a release that is checked: the project directory may have been cloned again since', async () => {
  const project = await makeProject()
  await start(project, answer(true)).asked(commit)
  expect(await start(project, answer(false)).asked(commit)).toBe(false)
  expect(await start(project, broken).kept(commit)).toBe(false)
})

it('is nothing that a release can say itself, nor a way to write elsewhere', async () => {
  const project = await makeProject()
  await writeFile(join(project.checkout, 'other'), 'of the release')
  await symlink('other', join(project.checkout, '.zetherion-project'))
  await start(project, answer(true)).asked(commit)
  expect(await readFile(join(project.checkout, 'other'), 'utf8')).toBe('of the release')
  expect((await lstat(join(project.checkout, '.zetherion-project'))).isFile()).toBe(true)
})

it.each(['', 'cl', 'something else\n'])('is asked again when what was kept is %j', async (text) => {
  const project = await makeProject()
  await writeFile(join(project.checkout, '.zetherion-project'), text)
  expect(await start(project, answer(true)).kept(commit)).toBe(true)
})

it('is asked again when a directory stands where it would be kept', async () => {
  const project = await makeProject()
  await mkdir(join(project.checkout, '.zetherion-project'))
  expect(await start(project, answer(false)).kept(commit)).toBe(false)
  expect(await start(project, broken).kept(commit)).toBe(false)
})
