import { createSandboxRuntime } from '../../../src/sandbox/runtime.ts'
import { createSystemClock } from '../../../src/storage/system-clock.ts'
import type { Release } from '../../../src/rollout/model.ts'

/*
 * Stands for a daemon that is killed: does one thing with a sandbox and tells what came of it on its output.
 * Usage: driver <options as JSON> <release as JSON> <service>
 */
async function main(): Promise<void> {
  const [options = '', releaseText = '', service = ''] = process.argv.slice(2)
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const runtime = createSandboxRuntime({ ...JSON.parse(options), log: silent, clock: createSystemClock() })
  const release: Release = JSON.parse(releaseText)
  const limit = AbortSignal.timeout(20_000)
  await runtime.build(release, [service], ({ line }) => console.log(line), limit)
  await runtime.tag(release, [service], limit)
  await runtime.up(release, [service], limit)
  console.log('up')
  setInterval(() => undefined, 1_000)
}

main().catch((error: unknown) => {
  console.log('failed', error)
  process.exitCode = 1
})
