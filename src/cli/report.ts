import { verdicts, type Finding, type Verdict } from '../diagnosis/finding.ts'
import type { Diagnosis } from './doctor.ts'

const signs: Readonly<Record<Verdict, string>> = { ok: '✓', warning: '!', wrong: '✗', not_checked: '–' }

/** For people: a line a check, what to do about those that are not well, and what serves. */
export function reportForPeople(diagnosis: Diagnosis): string {
  const { findings, by } = diagnosis
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.map(({ check, verdict, found }) => `${signs[verdict]} ${check.padEnd(width)}  ${found}`)
  const advised = findings.filter((finding) => finding.verdict === 'warning' || finding.verdict === 'wrong')
  const advice = advised.map((finding) => `${signs[finding.verdict]} ${finding.check.padEnd(width)}  ${finding.advice ?? ''}`)
  return [
    ...(by === 'here' ? ['The updater did not tell; this is what can be seen without it.', ''] : []),
    ...lines,
    ...(advice.length > 0 ? ['', 'What to do:', ...advice] : []),
    '',
    summaryOf(diagnosis),
    '',
  ].join('\n')
}

/** For scripts. */
export function reportForScripts({ url, by, findings, serving }: Diagnosis): string {
  const report = {
    url,
    by,
    serves: { color: serving.color, release: serving.release },
    pause_reason: serving.pauseReason,
    counts: countsOf(findings),
    checks: findings.map(({ check, verdict, found, advice }) => ({ id: check, verdict, found, advice })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

function summaryOf({ findings, serving }: Diagnosis): string {
  const { ok, warning, wrong, not_checked: open } = countsOf(findings)
  const counts = `${wrong} wrong, ${warning} ${warning === 1 ? 'warning' : 'warnings'}, ${ok} ok, ${open} not checked.`
  const serves = serving.color === null ? 'What serves is not known.' : `${serving.color} serves${releaseOf(serving)}.`
  return `${counts} ${serves}${serving.pauseReason === null ? '' : ' Rollouts are paused.'}`
}

/** What was found running has no tag of its own. */
function releaseOf({ release }: Diagnosis['serving']): string {
  if (release === null) return ''
  return release === 'adopted' ? ' what was found running' : ` ${release}`
}

function countsOf(findings: readonly Finding[]): Record<Verdict, number> {
  const [ok, warning, wrong, notChecked] = verdicts.map((verdict) => findings.filter((finding) => finding.verdict === verdict).length)
  return { ok: ok ?? 0, warning: warning ?? 0, wrong: wrong ?? 0, not_checked: notChecked ?? 0 }
}
