import { describe, expect, test } from 'vitest'
import { readArguments } from '../../../src/cli/arguments.ts'
import { exitCodeOf } from '../../../src/cli/exit-codes.ts'
import { usage } from '../../../src/cli/usage.ts'
import { notChecked, ok, warning, wrong, type Judgement } from '../../../src/diagnosis/finding.ts'

describe('the command line', () => {
  test.each([
    [['doctor'], { json: false, readOnly: false, url: null }],
    [['doctor', '--json', '--read-only'], { json: true, readOnly: true, url: null }],
    [['doctor', '--url', 'http://10.0.0.7:9090'], { json: false, readOnly: false, url: 'http://10.0.0.7:9090' }],
  ])('%j is doctor with its options', (argv, options) => {
    expect(readArguments(argv)).toEqual({ kind: 'doctor', options })
  })

  test.each([
    [['--help'], { kind: 'help', of: 'updaterctl' }],
    [['help'], { kind: 'help', of: 'updaterctl' }],
    [['doctor', '-h'], { kind: 'help', of: 'doctor' }],
    [['--version'], { kind: 'version' }],
  ])('%j asks for no look', (argv, asked) => {
    expect(readArguments(argv)).toEqual(asked)
  })

  test.each([
    [[], 'A command is missing.'],
    [['docter'], 'There is no command docter.'],
    [['--json', 'doctor'], 'The command comes first, and --json is none.'],
    [['doctor', '--jsom'], "Unknown option '--jsom'."],
    [['doctor', '--url'], "Option '--url <value>' argument missing."],
    [['doctor', '--json=yes'], "Option '--json' does not take an argument."],
    [['doctor', '--url', 'updater:9090'], '--url must be an http address such as http://127.0.0.1:9090, is "updater:9090".'],
    [['doctor', '--url', 'http://ann:secret@updater'], expect.stringContaining('--url must be an http address')],
    [['doctor', 'now'], expect.stringContaining("'now'")],
  ])('%j is a mistake that is named', (argv, why) => {
    expect(readArguments(argv)).toMatchObject({ kind: 'mistake', why })
  })

  test('the help of doctor names every option and every exit code', () => {
    for (const word of ['--json', '--read-only', '--url', '--help', '0 nothing', '1 something', '2 the command', '3 the updater']) expect(usage.doctor).toContain(word)
  })
})

test.each<[Judgement[], boolean, number]>([
  [[ok('a')], true, 0],
  [[ok('a'), warning('b', 'c'), notChecked('d')], true, 0],
  [[ok('a'), wrong('b', 'c')], true, 1],
  [[ok('a')], false, 3],
  [[wrong('a', 'b')], false, 1],
])('the findings %j, told by the updater: %s, end with code %i', (judgements, told, code) => {
  expect(exitCodeOf(judgements.map((judgement) => ({ check: 'engine', ...judgement })), told)).toBe(code)
})
