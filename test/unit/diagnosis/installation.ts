import type { EngineView, Installation, Known, Permissions } from '../../../src/diagnosis/installation.ts'
import type { Check } from '../../../src/diagnosis/check.ts'
import type { CheckId, Finding } from '../../../src/diagnosis/finding.ts'
import { examine } from '../../../src/diagnosis/check.ts'

export const gigabyte = 1e9

export const file = (mode: number, more: Partial<Permissions> = {}): Permissions => ({ kind: 'file', mode, group: 65_532, readable: true, writable: false, ...more })
export const directory = (mode: number, more: Partial<Permissions> = {}): Permissions => ({ kind: 'directory', mode, group: 65_532, readable: true, writable: true, ...more })
export const socket = (mode: number, more: Partial<Permissions> = {}): Permissions => ({ kind: 'socket', mode, group: 999, readable: true, writable: true, ...more })

/** An engine with which all is well. */
export function wellEngine(changes: Partial<EngineView> = {}): EngineView {
  return {
    describe: async () => ({ version: '28.5.1', skewMs: 12 }),
    composeVersion: async () => '2.40.0',
    freeSpace: async () => ({ directory: '/var/lib/docker', bytes: 50 * gigabyte }),
    mounted: async (path) => ({ kind: 'mounted', hostPath: path, writable: true }),
    keptImages: async () => [],
    ...changes,
  }
}

const places: Readonly<Record<string, Permissions>> = {
  '/srv/stack/state': directory(0o755),
  '/srv/stack/state/secret': directory(0o750),
  '/srv/stack/state/secret/.updater-secret': file(0o440),
  '/var/run/docker.sock': socket(0o660),
}

/** The secret's file, with which all is well. */
export function fileSecret(changes: Partial<Installation['secret']> = {}): Installation['secret'] {
  return { source: 'file', path: '/srv/stack/state/secret/.updater-secret', group: null, exposures: async () => [], weakness: async () => null, ...changes }
}

/** An installation with which all is well; `at` replaces what lies at a path. */
export function wellInstallation(changes: Partial<Installation> = {}, at: Readonly<Record<string, Permissions | null>> = {}): Installation {
  return {
    engine: wellEngine(),
    settingsWarnings: [],
    projectDirectory: '/srv/stack',
    stateDirectory: '/srv/stack/state',
    secret: fileSecret(),
    dotEnvExposure: async () => null,
    dockerHost: 'unix:///var/run/docker.sock',
    permissions: async (path) => {
      const found = { ...places, ...at }[path]
      if (found === undefined) throw new Error(`the test did not model ${path}`)
      return found
    },
    routesPlace: async () => null,
    freeBytes: async () => 20 * gigabyte,
    stagedFiles: async () => [],
    remoteSkew: async () => -400,
    ...changes,
  }
}

export const nothingKnown: Known = { operation: null, lastBuildBytes: 0 }

/** The finding of one check. */
export async function findingOf(checks: readonly Check[], id: CheckId, signal = new AbortController().signal): Promise<Finding> {
  const [found] = await examine(checks.filter((check) => check.id === id), signal)
  if (found === undefined) throw new Error(`there is no check ${id}`)
  return found
}
