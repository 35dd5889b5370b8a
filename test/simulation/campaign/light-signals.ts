import { afterAll, beforeAll } from 'vitest'
import { useLightAbort } from '../world/light-abort.ts'

/** All tests of the file that calls it play with light signals: those of the platform take a fifth of a campaign's time and more. */
export function playWithLightSignals(): void {
  let restore: () => void = () => undefined
  beforeAll(() => {
    restore = useLightAbort()
  })
  afterAll(() => restore())
}
