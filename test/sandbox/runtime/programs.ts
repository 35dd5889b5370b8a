import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Directory of the sandbox's own programs. */
export const sandboxSources = join(import.meta.dirname, '../../../src/sandbox')

/** Bundles a program into a file that plain Node runs, as the product's own build does. */
export async function bundleProgram(source: string, directory: string): Promise<string> {
  const outfile = join(directory, basename(source, '.ts').concat('.cjs'))
  await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'silent' })
  return outfile
}
