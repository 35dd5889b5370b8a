import { expect, test } from 'vitest'
import type { Diagnosis } from '../../../src/cli/doctor.ts'
import { reportForPeople, reportForScripts } from '../../../src/cli/report.ts'
import { notChecked, ok, warning, wrong } from '../../../src/diagnosis/finding.ts'

const diagnosis: Diagnosis = {
  url: 'http://127.0.0.1:9090',
  by: 'updater',
  told: true,
  serving: { color: 'green', release: 'v1.1.0', pauseReason: 'new disks' },
  findings: [
    { check: 'updater', ...ok('The updater looks after the stack.') },
    { check: 'engine', ...wrong('Docker does not answer.', 'Start it.') },
    { check: 'reload', ...notChecked('It was not tried.', 'Ask with POST.') },
    { check: 'tree', ...warning('The project directory has local changes.', 'Commit them.') },
  ],
}

test('people get a line a check, then what to do about those that are not well, and what serves', () => {
  expect(reportForPeople(diagnosis)).toBe(`✓ updater  The updater looks after the stack.
✗ engine   Docker does not answer.
– reload   It was not tried.
! tree     The project directory has local changes.

What to do:
✗ engine   Start it.
! tree     Commit them.

1 wrong, 1 warning, 1 ok, 1 not checked. green serves v1.1.0. Rollouts are paused.
`)
})

test('where all is well nothing is advised', () => {
  const text = reportForPeople({ ...diagnosis, findings: diagnosis.findings.slice(0, 1), serving: { color: 'blue', release: null, pauseReason: null } })
  expect(text).toBe('✓ updater  The updater looks after the stack.\n\n0 wrong, 0 warnings, 1 ok, 0 not checked. blue serves.\n')
})

test('what was found running is no release of that name', () => {
  expect(reportForPeople({ ...diagnosis, serving: { color: 'blue', release: 'adopted', pauseReason: null } })).toMatch(/ blue serves what was found running\.\n$/)
})

test('a look without the updater says so first', () => {
  expect(reportForPeople({ ...diagnosis, by: 'here', serving: { color: null, release: null, pauseReason: null } })).toMatch(/^The updater did not tell; .*\n\n✓[\s\S]*What serves is not known\.\n$/)
})

test('scripts get the same as JSON', () => {
  expect(JSON.parse(reportForScripts(diagnosis))).toEqual({
    url: 'http://127.0.0.1:9090',
    by: 'updater',
    serves: { color: 'green', release: 'v1.1.0' },
    pause_reason: 'new disks',
    counts: { ok: 1, warning: 1, wrong: 1, not_checked: 1 },
    checks: [
      { id: 'updater', verdict: 'ok', found: 'The updater looks after the stack.', advice: null },
      { id: 'engine', verdict: 'wrong', found: 'Docker does not answer.', advice: 'Start it.' },
      { id: 'reload', verdict: 'not_checked', found: 'It was not tried.', advice: 'Ask with POST.' },
      { id: 'tree', verdict: 'warning', found: 'The project directory has local changes.', advice: 'Commit them.' },
    ],
  })
})
