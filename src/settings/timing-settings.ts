import { defaultGates, defaultLimits, defaultPolicy } from '../rollout/limits.ts'
import type { GateSettings, Limits, Policy } from '../rollout/limits.ts'
import type { ReadConfig } from './config-file.ts'
import type { ConfigFile } from './config-schema.ts'
import { readDuration } from './duration.ts'
import type { Problem } from './settings.ts'

export function readLimits({ limits = {} }: ConfigFile): Limits {
  const at = (name: keyof Limits): number => readDuration(limits[name]) ?? defaultLimits[name]
  return {
    git: at('git'),
    beforeSwitch: at('beforeSwitch'),
    start: at('start'),
    directHealth: at('directHealth'),
    previewHealth: at('previewHealth'),
    routedHealth: at('routedHealth'),
    singletonHealth: at('singletonHealth'),
    singletonSettled: at('singletonSettled'),
    probe: at('probe'),
    drain: at('drain'),
    stop: at('stop'),
    engineCall: at('engineCall'),
    shutdown: at('shutdown'),
  }
}

export function readGates({ gates = {} }: ConfigFile): GateSettings {
  return {
    inARow: gates.inARow ?? defaultGates.inARow,
    between: readDuration(gates.between) ?? defaultGates.between,
    quickest: readDuration(gates.quickest) ?? defaultGates.quickest,
    slowest: readDuration(gates.slowest) ?? defaultGates.slowest,
  }
}

export function readPolicy({ policy = {} }: ConfigFile, pauseOnFailure: boolean): Policy {
  return {
    pauseOnFailure,
    surroundingsBeforePause: policy.surroundingsBeforePause ?? defaultPolicy.surroundingsBeforePause,
    keepReleases: policy.keepReleases ?? defaultPolicy.keepReleases,
    standbyGrace: readDuration(policy.standbyGrace) ?? defaultPolicy.standbyGrace,
    fallenGrace: readDuration(policy.fallenGrace) ?? defaultPolicy.fallenGrace,
    restarts: policy.restarts ?? defaultPolicy.restarts,
    restartWindow: readDuration(policy.restartWindow) ?? defaultPolicy.restartWindow,
  }
}

/** A limit of 0 would end every wait at once; only the drain and pauses may be 0. */
export function timingProblems(limits: Limits, gates: GateSettings, { problemAt }: Pick<ReadConfig, 'problemAt'>): Problem[] {
  const zeros = Object.entries(limits)
    .filter(([name, limit]) => limit === 0 && name !== 'drain' && name !== 'singletonSettled')
    .map(([name]) => problemAt(['limits', name], 'must be longer than 0'))
  const order = gates.quickest > gates.slowest ? [problemAt(['gates', 'quickest'], 'must not be longer than gates.slowest')] : []
  const busy = gates.quickest === 0 ? [problemAt(['gates', 'quickest'], 'must be longer than 0')] : []
  const settled =
    limits.singletonSettled >= limits.singletonHealth ? [problemAt(['limits', 'singletonSettled'], 'must be shorter than limits.singletonHealth, or no singleton can pass')] : []
  return [...zeros, ...order, ...busy, ...settled]
}
