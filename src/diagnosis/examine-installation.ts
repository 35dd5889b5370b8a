import { examine } from './check.ts'
import { clockCheck } from './clock.ts'
import { engineChecks } from './engine.ts'
import { fileChecks } from './files.ts'
import { wrong, type Finding } from './finding.ts'
import type { Examine, Installation } from './installation.ts'

/** What is looked at without the updater's record: machine, engine, files. */
export function examineInstallation(installation: Installation): Examine {
  return (known, signal) => examine([...fileChecks(installation, known), ...engineChecks(installation, known), clockCheck(installation)], signal)
}

/** All that can be said while the settings cannot be used. */
export function settingsRefused(problems: readonly string[]): Finding {
  return { check: 'settings', ...wrong(problems.join(' '), 'Mend what is named, and start the updater again.') }
}
