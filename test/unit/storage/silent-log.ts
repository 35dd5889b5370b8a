import type { Log } from '../../../src/rollout/ports.ts'

/** For tests of things whose log nobody reads. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
