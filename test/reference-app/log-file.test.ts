import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLogFile } from '../../reference-app/src/bot/log-file.js'
import { temporaryDirectory } from './program.ts'

async function openLog(directory: string, maxBytes: number, files: number) {
  const problems: string[] = []
  const log = openLogFile({ directory, maxBytes, files, report: (problem) => problems.push(problem) })
  onTestFinished(log.close)
  return { log, problems, read: (name: string) => readFile(join(directory, name), 'utf8') }
}

test('the newest lines are in bot.log, older ones in bot.log.1 and on, the oldest are gone', async () => {
  const directory = await temporaryDirectory()
  const { log, read } = await openLog(directory, 4, 3)
  for (const line of ['a\n', 'b\n', 'c\n', 'd\n', 'e\n', 'f\n', 'g\n']) log.write(line)
  expect((await readdir(directory)).toSorted()).toEqual(['bot.log', 'bot.log.1', 'bot.log.2'])
  expect([await read('bot.log'), await read('bot.log.1'), await read('bot.log.2')]).toEqual(['g\n', 'e\nf\n', 'c\nd\n'])
})

test('six files of the given size are the most that is kept', async () => {
  const directory = await temporaryDirectory()
  const { log, read } = await openLog(directory, 100, 6)
  for (let line = 0; line < 200; line += 1) log.write(`${String(line).padStart(9, '0')}\n`)
  const names = await readdir(directory)
  expect(names).toHaveLength(6)
  for (const name of names) expect((await read(name)).length).toBe(100)
})

test('a log that another run left half full is continued', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'bot.log'), 'old\n')
  const { log, read } = await openLog(directory, 8, 2)
  log.write('new\n')
  log.write('next\n')
  expect([await read('bot.log.1'), await read('bot.log')]).toEqual(['old\nnew\n', 'next\n'])
})

test('with one file the log begins anew when it is full', async () => {
  const directory = await temporaryDirectory()
  const { log, read } = await openLog(directory, 4, 1)
  for (const line of ['a\n', 'b\n', 'c\n']) log.write(line)
  expect([await readdir(directory), await read('bot.log')]).toEqual([['bot.log'], 'c\n'])
})

test('a line longer than a file is still written whole', async () => {
  const directory = await temporaryDirectory()
  const { log, read } = await openLog(directory, 4, 2)
  log.write('a long line\n')
  log.write('b\n')
  expect([await read('bot.log.1'), await read('bot.log')]).toEqual(['a long line\n', 'b\n'])
})

test('trouble is reported once, and writing goes on when it is over', async () => {
  const directory = join(await temporaryDirectory(), 'logs')
  await writeFile(directory, 'a file where the directory should be')
  const { log, problems, read } = await openLog(directory, 100, 2)
  log.write('lost\n')
  log.write('lost\n')
  expect(problems).toEqual([expect.stringContaining('EEXIST')])
  await rm(directory)
  log.write('kept\n')
  expect(await read('bot.log')).toBe('kept\n')
})
