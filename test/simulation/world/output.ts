import type { Instance } from './engine.ts'

/** Something that a container says, and when; the words are only made when somebody reads them. */
export interface Output {
  readonly at: number
  readonly what: 'begins' | 'ready' | 'asked to end'
}

/** Older output is forgotten. */
const kept = 12

/** Its output with one more thing in it. */
export function said({ output }: Instance, at: number, what: Output['what']): readonly Output[] {
  return [...output.slice(1 - kept), { at, what }]
}

/** Its output without what its end keeps it from saying. */
export function cutOff({ output }: Instance, now: number): readonly Output[] {
  return output.filter(({ at }) => at <= now)
}

/** Its lines until now, oldest first. */
export function linesOf(instance: Instance, now: number): string[] {
  return cutOff(instance, now).flatMap(({ what }) => wordsOf(instance, what))
}

function wordsOf({ image: { kind, version }, singleton }: Instance, what: Output['what']): string[] {
  switch (what) {
    case 'begins':
      return [`release ${version}`, ...(kind === (singleton ? 'bot dies' : 'exits') ? ['the database is not there'] : [])]
    case 'ready': {
      const waits = kind === (singleton ? 'bot never healthy' : 'never healthy') ? ['waiting for a licence'] : []
      return [...waits, ...Array.from({ length: 60 }, (_, index) => `line ${index + 1}`), 'ready']
    }
    case 'asked to end':
      return ['asked to end']
  }
}
