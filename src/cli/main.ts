import packageFile from '../../package.json' with { type: 'json' }
import { sentenceOf } from '../rollout/errors.ts'
import { readArguments } from './arguments.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { reportForPeople, reportForScripts } from './report.ts'
import { usage } from './usage.ts'

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2))
  switch (asked.kind) {
    case 'help':
      process.stdout.write(usage[asked.of])
      return exitCodes.well
    case 'version':
      process.stdout.write(`${packageFile.version}\n`)
      return exitCodes.well
    case 'mistake':
      process.stderr.write(`updaterctl: ${asked.why}\n\n${usage[asked.of]}`)
      return exitCodes.usage
    case 'doctor': {
      // Loaded only by who looks: the help need not wait for it.
      const { doctor } = await import('./doctor.ts')
      const diagnosis = await doctor(asked.options, process.env)
      process.stdout.write(asked.options.json ? reportForScripts(diagnosis) : reportForPeople(diagnosis))
      return exitCodeOf(diagnosis.findings, diagnosis.told)
    }
  }
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`updaterctl: it could not be found out: ${sentenceOf(error)}\n`)
    process.exitCode = exitCodes.unknown
  },
)
