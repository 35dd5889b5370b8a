import type { Check } from './check.ts'
import { notChecked, ok, warning, wrong, type Judgement } from './finding.ts'
import type { Installation } from './installation.ts'

/** Our clock beside the engine's and that of the remote's web server. Waits do not depend on it; certificates, tokens and whoever reads times do. */
export function clockCheck({ engine, remoteSkew }: Installation): Check {
  return {
    id: 'clock',
    mend: 'Look at the finding about the engine first.',
    async look(signal) {
      const [ofEngine, ofRemote] = await Promise.all([
        engine === null ? null : engine.describe(signal).then(({ skewMs }) => skewMs, () => null), // told by the check of the engine
        remoteSkew(signal),
      ])
      return judgeSkews([['the engine', ofEngine], ["the remote's web server", ofRemote]])
    },
  }
}

function judgeSkews(skews: readonly (readonly [who: string, skewMs: number | null])[]): Judgement {
  const known = skews.flatMap(([who, skewMs]) => (skewMs === null ? [] : [{ who, skewMs }]))
  const [first] = known.toSorted((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs))
  if (first === undefined) return notChecked('There is no other clock to compare ours with: neither the engine nor the remote tells its time.')
  const off = Math.abs(first.skewMs)
  const found = `The clock of ${first.who} is ${Math.round(off / 1000)} s ${first.skewMs < 0 ? 'behind' : 'ahead of'} ours.`
  const mend = 'See that the clock of this machine is kept right, such as by chrony or systemd-timesyncd.'
  if (off > 60_000) return wrong(found, mend)
  if (off > 5_000) return warning(found, mend)
  return ok(`Our clock agrees with that of ${known.map(({ who }) => who).join(' and ')}.`)
}
