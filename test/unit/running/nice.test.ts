import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startNice } from '../../running/nice.ts'

test('a program that is started to be nice leaves the processors to others, and has a session of its own, so that all of it can be ended', async () => {
  const child = await startNice('sh', ['-c', 'nice; ps -o sid= -p $$'], { cwd: '/' })
  if (child.stdout === null) throw new Error('its output is not piped')
  const [niceness, session] = (await text(child.stdout)).trim().split(/\s+/)
  expect(niceness).toBe('10')
  expect(session).toBe(String(child.pid))
})
