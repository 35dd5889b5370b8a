// Loads the named programs without running them: a syntax error, a missing module or a missing export fails the build.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href)
