import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { constants, Script } from 'node:vm'

/**
 * What keeps an idle updater small. New objects get 2 MB: a start would have that grow to 8 MB, which V8 never gives back. Nothing
 * runs hot enough here to be worth V8's optimising compiler, whose threads and code take 10 MB. And memory goes before speed.
 */
const frugal = ['--semi-space-growth-factor=1', '--no-opt', '--optimize-for-size']

/**
 * Loads a bundle with V8's compiled code of it, which halves the CPU time of a start. Another version of Node does not take that
 * code and compiles the bundle as usual.
 * @param {string} bundle path of one function expression that takes what every CommonJS module takes
 * @param {string} code path of its compiled code, which need not be there
 */
export function loadBundle(bundle, code) {
  // Must be the same where the compiled code is made and where it is taken.
  for (const flag of frugal) setFlagsFromString(flag)
  return new Script(readFileSync(bundle, 'utf8'), {
    filename: bundle,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(existsSync(code) && { cachedData: readFileSync(code) }),
  })
}

/**
 * @param {Script} script
 * @param {string} bundle its path
 */
export function runBundle(script, bundle) {
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(bundle), module, bundle, dirname(bundle))
}
