import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { mutated, type Mutation } from './mutation.ts'

/** The project's directory. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Bundles the detector, with a mistake in the code that it looks at or, with null, as it stands. No file of the tree is
 * changed: the mistake is made on the way into the bundle.
 * @throws when the mutation is out of date, its file is not part of the bundle, or its code cannot be read
 */
export async function bundleDetector(outfile: string, mutation: Mutation | null): Promise<void> {
  let made = false
  await build({
    absWorkingDir: root,
    entryPoints: ['test/mutations/detector/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    logLevel: 'silent',
    plugins: mutation === null ? [] : [mistake(mutation, () => { made = true })],
  })
  if (mutation !== null && !made) throw new Error(`The mutation "${mutation.name}" is in ${mutation.file}, which no run of the detector uses.`)
}

function mistake(mutation: Mutation, done: () => void): Plugin {
  const target = join(root, mutation.file)
  return {
    name: 'mistake',
    setup(bundling) {
      bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== target) return undefined
        done()
        return { contents: mutated(await readFile(path, 'utf8'), mutation), loader: 'ts' }
      })
    },
  }
}
