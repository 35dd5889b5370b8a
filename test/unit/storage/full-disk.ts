import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createRecordStore } from '../../../src/storage/record-store.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { createTraefikRouter } from '../../../src/traefik/traefik-router.ts'
import { recordOf } from '../../contract/record-store/records.ts'
import { silentLog } from './silent-log.ts'

/* Run on a small file system of its own, given as argument: fills it up and prints what still works there. */

const root = process.argv[2] ?? ''
const files = createNodeFiles()
const store = createRecordStore({ path: join(root, 'updater-state.json'), files, random: createSystemRandom(), log: silentLog })
const router = createTraefikRouter({ routesPath: join(root, 'routes.yml'), stagingDirectory: join(root, '.staging'), files })
const routes = (generation: string) => ({ active: 'blue', generation, sequence: 1, topology: { groups: [], singletons: [] } }) as const

async function outcome(task: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await task()) ?? 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : String(error)
  }
}
const sequence = async () => {
  const loaded = await store.load()
  return loaded.kind === 'record' ? loaded.record.sequence : loaded.kind
}

/** Takes every byte that is left. */
async function fill(): Promise<void> {
  for (const size of [1 << 16, 4096]) {
    for (let n = 0; ; n += 1) {
      if ((await outcome(() => writeFile(join(root, `ballast-${size}-${n}`), new Uint8Array(size)))) !== 'done') break
    }
  }
}

await store.write(recordOf({ sequence: 1 }))
await router.stage(routes('back'))
await fill()
const whenFull = {
  write: await outcome(() => store.write(recordOf({ sequence: 2 }))),
  stage: await outcome(() => router.stage(routes('another'))),
  activate: await outcome(() => router.activate('back')),
  sequence: await sequence(),
  files: (await files.list(root)).filter((name) => !name.startsWith('ballast')).sort(),
}
await rm(join(root, 'ballast-65536-0'))
const afterwards = { write: await outcome(() => store.write(recordOf({ sequence: 3 }))), sequence: await sequence() }
process.stdout.write(JSON.stringify({ whenFull, afterwards }))
