/**
 * Bundles the programs into dist/: one file each, so that they start fast and the image carries no node_modules.
 * What a unix socket to the engine never needs (ssh, native crypto, gRPC sessions of BuildKit) stays out.
 */
import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

const root = new URL('..', import.meta.url).pathname

/** Modules of dockerode's other transports, each replaced by an object whose members say so when they are called: to look at them is normal at load. */
const unused = ['ssh2', 'cpu-features', '@grpc/grpc-js', '@grpc/proto-loader']

await rm(`${root}dist`, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: {
    'zetherion-updater': 'src/main.ts',
    'sandbox-supervisor': 'src/sandbox/supervisor.ts',
    'sandbox-router': 'src/sandbox/router-main.ts',
  },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [{
    name: 'leave-out-other-transports',
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^(${unused.map((name) => name.replace('/', '\\/')).join('|')})$`)
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }))
      onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
        contents: `module.exports = new Proxy({}, { get: (_, key) => function () { throw new Error(${JSON.stringify(`${path} is not part of this bundle`)} + ' (' + String(key) + ')') } })`,
        loader: 'js',
      }))
    },
  }],
})
