import { createInterface } from 'node:readline'
import { takeHand } from '../../../src/storage/lock.ts'

/*
 * A daemon reduced to its lock, as a process of its own: says `held` or the error's code, then does what it reads:
 * `check`, `release`.
 */
const [stateDirectory = '', routesPath = ''] = process.argv.slice(2)

async function main(): Promise<void> {
  const hand = await takeHand({ stateDirectory, routesPath })
  say('held')
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'check') {
      hand.check()
      say('mine')
    }
    if (line === 'release') {
      await hand.release()
      say('released')
    }
  }
}

function say(word: string): void {
  process.stdout.write(`${word}\n`)
}

try {
  await main()
} catch (error) {
  say(error instanceof Error && 'code' in error ? String(error.code) : String(error))
}
