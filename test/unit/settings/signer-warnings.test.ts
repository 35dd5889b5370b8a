import { expect, test } from 'vitest'
import { signerWarnings } from '../../../src/settings/signer-warnings.ts'

test('a user without a name is told of, for whom ssh-keygen does nothing', async () => {
  const told = (hasName: boolean) => signerWarnings(import.meta.filename, { PATH: process.env['PATH'] }, () => hasName)
  expect(await told(true)).toEqual([])
  expect(await told(false)).toEqual([expect.stringMatching(/^wants the user that the updater runs as in \/etc\/passwd/)])
})
