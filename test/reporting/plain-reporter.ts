import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node'
import type { SerializedError } from 'vitest'
import { linesOf } from './figures.ts'
import { timesOf } from './times.ts'

/**
 * Ends a run with its figures, with what its levels took, with what was not run and why, with each failure in a line or two (whoever sees only the end of a
 * long log has to know what to look for), and with the plain line `N passed, N failed` that needs no tool to read.
 * A module that could not even be loaded, and a suite whose hook failed, count as one failure.
 */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], _reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    // A suite whose hook failed has no failed test: its tests count as skipped.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const broken = suites.filter((suite) => suite.errors().length > 0).length + errors.length
    const skipped = tests.filter((test) => test.result().state === 'skipped')
    const failures = [
      ...suites.flatMap((suite) => suite.errors().map((error) => told(suite, error))),
      ...tests.flatMap((test) => (test.result().errors ?? []).map((error) => told(test, error))),
      ...errors.map((error) => shortened(error)),
    ]

    const figures = linesOf(tests.flatMap((test) => test.meta().figures ?? []))
    if (figures.length > 0) process.stdout.write(`\nFigures:\n${figures.map((line) => `  ${line}\n`).join('')}`)
    const times = timesOf(modules.map((module) => ({ level: module.project.name, file: module.relativeModuleId, milliseconds: module.diagnostic().duration })))
    process.stdout.write(`\nTook, each file by itself:\n${times.map((line) => `  ${line}\n`).join('')}`)
    if (skipped.length > 0) process.stdout.write(`\nNot run here:\n${[...new Set(skipped.map(reasonOf))].map((line) => `  ${line}\n`).join('')}`)
    if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.map((line) => `  ${line}\n`).join('')}`)
    const left = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
    process.stdout.write(`\n${count('passed')} passed, ${count('failed') + broken} failed${left}\n`)
  }
}

function told(where: TestModule | TestSuite | TestCase, error: SerializedError): string {
  const name = where.type === 'module' ? where.relativeModuleId : `${where.module.relativeModuleId} > ${where.fullName}`
  return `${name}: ${shortened(error)}`
}

/** Its first lines: what failed stands there, the evidence follows. */
function shortened({ message }: SerializedError): string {
  const text = message.split('\n').slice(0, 4).join(' / ')
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

const longest = 600

/** A skipped test says why in its note or in the title of its suite. */
function reasonOf(test: TestCase): string {
  const result = test.result()
  const note = 'note' in result ? result.note : undefined
  return note ?? (test.parent.type === 'suite' ? test.parent.fullName : test.fullName)
}
