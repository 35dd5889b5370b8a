import { describe } from 'vitest'

/**
 * A suite that looks at processes through /proc. Elsewhere the reason is printed.
 * @throws Error when `ZETHERION_REQUIRE_ALL=1`, where leaving something out is forbidden
 */
export function onLinux(title: string, tests: () => void): void {
  if (process.platform === 'linux') {
    describe(title, tests)
    return
  }
  const reason = `the observer reads processes from /proc, and this is ${process.platform}`
  if (process.env['ZETHERION_REQUIRE_ALL'] === '1') throw new Error(`ZETHERION_REQUIRE_ALL=1, but ${reason}`)
  describe.skip(`${title} (not run: ${reason})`, tests)
}
