/** What dist/zetherion-updater.cjs is. */
import { join } from 'node:path'
import { loadBundle, runBundle } from './run-bundle.js'

// build.js puts the name in. It holds a hash of the bundle, so that none ever meets another one's code.
const bundle = join(__dirname, `${process.env.BUNDLE}.js`)
runBundle(loadBundle(bundle, join(__dirname, `${process.env.BUNDLE}.v8-code`)), bundle)
