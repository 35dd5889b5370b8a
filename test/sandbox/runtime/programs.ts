import { join } from 'node:path'
import { build } from 'esbuild'

const sources = join(import.meta.dirname, '../../../src/sandbox')

/** Bundles a program of the sandbox into a file that plain Node runs, as the product's own build does. */
export async function bundleProgram(source: string, directory: string): Promise<string> {
  const outfile = join(directory, source.replace(/^.*\//, '').replace(/\.ts$/, '.cjs'))
  await build({ entryPoints: [join(sources, source)], outfile, bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'silent' })
  return outfile
}
