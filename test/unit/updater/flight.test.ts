import { describe, expect, test } from 'vitest'
import { Flight } from '../../../src/updater/flight.ts'
import { recordOf } from '../../contract/record-store/records.ts'

const wish = { kind: 'apply', tag: 'v1.1.0', version: '1.1.0', origin: 'api' } as const

function result() {
  const { lastResult } = recordOf()
  if (lastResult === null) throw new Error('the record has no result')
  return lastResult
}

describe('a flight', () => {
  test('says what it is about', () => {
    expect(new Flight('1', wish).what).toBe('apply v1.1.0')
    expect(new Flight('1', { kind: 'rollback', commit: 'a'.repeat(40), origin: 'api' }).what).toBe('rollback to aaaaaaaaaaaa')
  })

  test('tells its outcome to whoever asks, also later', async () => {
    const flight = new Flight('1', wish)
    flight.answer(result())
    await expect(flight.outcome).resolves.toEqual(result())
    expect(flight.resultOf('1')).toEqual(result())
    expect(flight.resultOf('2')).toBeNull()
  })

  test('that is refused tells why; one that was answered cannot be refused any more', async () => {
    const refused = new Flight('1', wish)
    expect(refused.refuse(new Error('no such tag'))).toBe(true)
    await expect(refused.outcome).rejects.toThrow('no such tag')
    const answered = new Flight('2', wish)
    answered.answer(result())
    expect(answered.refuse(new Error('too late'))).toBe(false)
    await expect(answered.outcome).resolves.toEqual(result())
  })

  test('can be cancelled until its commit is being written', () => {
    const flight = new Flight('1', wish)
    const step = { step: 'commit', message: 'commit', durationMs: null }
    flight.notice({ ...step, kind: 'step_started', step: 'docker_build' })
    expect(flight.cancel(new Error('cancelled'))).toBe(true)
    expect(flight.signal.aborted).toBe(true)
    const later = new Flight('2', wish)
    later.notice({ ...step, kind: 'step_started' })
    expect(later.cancel(new Error('cancelled'))).toBe(false)
    expect(later.signal.aborted).toBe(false)
  })
})
