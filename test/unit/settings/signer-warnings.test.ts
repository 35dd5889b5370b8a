import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { signerWarnings } from '../../../src/settings/signer-warnings.ts'

test('a user without a name is told of, for whom ssh-keygen does nothing', async () => {
  const told = (hasName: boolean) => signerWarnings(import.meta.filename, { PATH: process.env['PATH'] }, () => hasName)
  expect(await told(true)).toEqual([])
  expect(await told(false)).toEqual([expect.stringMatching(/^wants the user that the updater runs as in \/etc\/passwd/)])
})

test('what is no file is told of, and not read: a FIFO would be waited on for ever', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'signers-'))
  try {
    const fifo = join(directory, 'signers')
    execFileSync('sh', ['-c', 'mkfifo "$0"', fifo])
    for (const path of [fifo, directory, '/dev/zero']) {
      expect(await signerWarnings(path, { PATH: process.env['PATH'] }, () => true)).toEqual([`names a file that cannot be read: ${path} is no file; every tag is refused until it can`])
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})
