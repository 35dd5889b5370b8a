import { readdirSync, readFileSync } from 'node:fs'

/** Process ids of the build steps of the contract's releases that run in some container now, seen from the host. */
export function runningBuildSteps(): number[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isBuildStep(pid)).map(Number)
}

function isBuildStep(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '/nodejs/bin/node\0build.js\0'
  } catch {
    return false // ended meanwhile
  }
}
