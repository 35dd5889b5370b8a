import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCutCheck, type Numbers } from './cut-check.ts'
import { placesOf } from './cut-files.ts'

/*
 * Cuts the power of a disk while a process writes on it, again and again; run in a namespace of its own. Arguments: an
 * empty directory, what the writer leaves out, how many cuts, a seed. Prints what was found as JSON and ends at the
 * first finding.
 *
 * The disk is an ext4 on a loop device whose image lies on another ext4. A cut is a copy of that image made while the
 * outer file system is frozen: freezing holds back the loop device's next write, so the copy is what the device had been
 * given up to one instant, also in the middle of an fsync, and nothing that was only in the memory of the inner file
 * system. That commits its journal by itself only every 5 minutes, and does not write data early because of a rename
 * (noauto_da_alloc): what is on the copy is there because somebody synced it. The copy is mounted, which replays the
 * journal as after a power cut. So this shows what survives on a device that keeps what it has acknowledged; a device
 * that loses what it was told to flush is beyond any program.
 */

const [root = '', leftOut = '', cuts = '0', seed = '0'] = process.argv.slice(2)
const at = (name: string) => join(root, name)
const run = (command: string, ...argv: string[]) => promisify(execFile)(command, argv)
/** For a machine that does much else, ms; a quiet one needs two seconds. */
const writerLimit = 120_000
const kinds = ['record', 'stage', 'routes', 'history'] as const

async function makeDisk(): Promise<void> {
  await run('mount', '-t', 'tmpfs', '-o', 'size=128m', 'none', root)
  for (const name of ['outer', 'disk', 'copy']) await mkdir(at(name))
  await makeImage(at('outer.img'), 48, '-O', '^has_journal')
  await run('mount', '-o', 'loop', at('outer.img'), at('outer'))
  await makeImage(at('outer/disk.img'), 12)
  await run('mount', '-o', 'loop,commit=300,noauto_da_alloc', at('outer/disk.img'), at('disk'))
  await mkdir(join(placesOf(at('disk')).routes, '..'), { recursive: true })
  await run('sync', '-f', at('disk'))
}

async function makeImage(path: string, megabytes: number, ...options: string[]): Promise<void> {
  await writeFile(path, '')
  await truncate(path, megabytes * 1024 * 1024)
  await run('mkfs.ext4', '-q', '-F', ...options, path)
}

/** The writer, and what it has said so far. */
function startWriter() {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('cut-writer.ts', import.meta.url)), at('disk'), leftOut], { stdio: ['ignore', 'pipe', 'inherit'] })
  const numbers = { begin: { record: 0, stage: 0, routes: 0, history: 0 }, done: { record: 0, stage: 0, routes: 0, history: 0 } }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word = '', kind = '', number = ''] = line.split(' ')
    const isKind = kinds.find((one) => one === kind)
    if (isKind !== undefined && (word === 'begin' || word === 'done')) numbers[word][isKind] = Number(number)
  })
  return { child, begun: (): Numbers => ({ ...numbers.begin }), done: (): Numbers => ({ ...numbers.done }) }
}

async function cutPower(): Promise<void> {
  await run('fsfreeze', '--freeze', at('outer'))
  try {
    await copyFile(at('outer/disk.img'), at('copy.img'))
  } finally {
    await run('fsfreeze', '--unfreeze', at('outer'))
  }
}

async function lookAtCopy(done: Numbers, begun: Numbers): Promise<string[]> {
  await run('mount', '-o', 'loop', at('copy.img'), at('copy'))
  try {
    return await createCutCheck(at('copy'))(done, begun)
  } finally {
    await run('umount', at('copy'))
  }
}

async function untilItWrites(writer: ReturnType<typeof startWriter>, child: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + writerLimit; writer.done().history < 1;) {
    if (child.exitCode !== null) throw new Error(`the writer ended with code ${child.exitCode}`)
    if (performance.now() > deadline) throw new Error(`the writer did not begin within ${writerLimit} ms`)
    await wait(5)
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function chanceOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

await makeDisk()
const writer = startWriter()
await untilItWrites(writer, writer.child)
const chance = chanceOf(Number(seed))
let wrong: string[] = []
let made = 0
while (made < Number(cuts) && wrong.length === 0) {
  await wait(chance() * 30)
  const done = writer.done()
  await cutPower()
  // Lines that are under way in the pipe: what was begun before the cut has been read by now.
  await wait(1)
  made += 1
  wrong = (await lookAtCopy(done, writer.begun())).map((what) => `cut ${made}: ${what}`)
}
if (writer.child.exitCode !== null) wrong.push(`the writer ended with code ${writer.child.exitCode}`)
writer.child.kill('SIGKILL')
await once(writer.child, 'exit')
process.stdout.write(JSON.stringify({ made, wrong, written: writer.done().record }))
