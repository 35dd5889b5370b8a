import { useLightAbort } from '../../simulation/world/light-abort.ts'
import { readFinding } from './check.ts'
import { allChecks } from './all-checks.ts'
import { exitCodes, reportPrefix, type Report } from './report.ts'

/**
 * Looks for a broken rule and stops at the first. Its last line is a report; its exit code says `clean` or `found`, and
 * anything else is a crash.
 */
async function detect(): Promise<Report> {
  const begun = performance.now()
  let runs = 0
  for (const { name, run } of allChecks(process.argv[2])) {
    runs += 1
    try {
      await run()
    } catch (error) {
      return { found: { run: name, ...readFinding(error) }, runs, milliseconds: performance.now() - begun }
    }
  }
  return { found: null, runs, milliseconds: performance.now() - begun }
}

// The platform's signals take a fifth of the time of what is played here.
useLightAbort()
detect().then(
  (report) => {
    process.exitCode = report.found === null ? exitCodes.clean : exitCodes.found
    process.stdout.write(`${reportPrefix}${JSON.stringify(report)}\n`)
  },
  (error: unknown) => {
    process.exitCode = 1
    process.stderr.write(`${String(error)}\n`)
  },
)
