import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { takeHand } from '../../../src/storage/lock.ts'

/* Run on a small ext4 of its own, given as argument: fills it up, takes the one hand and prints how that went. */

const root = process.argv[2] ?? ''
const state = join(root, 'state')
await mkdir(join(state, 'traefik/dynamic'), { recursive: true })

async function fill(): Promise<void> {
  for (let n = 0; ; n += 1) {
    try {
      await writeFile(join(root, `ballast-${n}`), new Uint8Array(4096))
    } catch {
      return // full
    }
  }
}

await fill()
const hand = await takeHand({ stateDirectory: state, routesPath: join(state, 'traefik/dynamic/updater-routes.yml') })
hand.check()
await hand.release()
console.log(JSON.stringify('taken and given back'))
