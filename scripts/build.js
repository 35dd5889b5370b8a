/**
 * Bundles the programs into dist/, so that they start fast and the image carries no node_modules.
 * What a unix socket to the engine never needs (ssh, native crypto, gRPC sessions of BuildKit) stays out.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/**
 * Modules of dockerode's other transports and its own reader of BuildKit's progress, each replaced by an object whose
 * members say so when they are called: to look at them is normal at load.
 */
const unused = ['ssh2', 'cpu-features', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs']

/** @type {import('esbuild').Plugin} */
const leaveOutUnused = {
  name: 'leave-out-unused',
  setup(bundling) {
    const filter = new RegExp(`^(${unused.map((name) => name.replace('/', '\\/')).join('|')})$`)
    bundling.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }))
    bundling.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, key) => function () { throw new Error(${JSON.stringify(`${path} is not part of this bundle`)} + ' (' + String(key) + ')') } })`,
      loader: 'js',
    }))
  },
}

/** @type {import('esbuild').BuildOptions} White space goes too, since V8 keeps the text of what it runs. */
const common = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [leaveOutUnused],
}

await rm(dist, { recursive: true, force: true })
await build({
  ...common,
  entryPoints: { 'sandbox-supervisor': 'src/sandbox/supervisor.ts', 'sandbox-router': 'src/sandbox/router-main.ts' },
  outExtension: { '.js': '.cjs' },
})
const updater = await buildUpdater()
await build({
  ...common,
  entryPoints: { 'zetherion-updater': 'scripts/launcher.js' },
  outExtension: { '.js': '.cjs' },
  define: { 'process.env.BUNDLE': JSON.stringify(updater) },
})
await precompile(updater)
await build({
  ...common,
  entryPoints: { updaterctl: 'src/cli/main.ts' },
  outExtension: { '.js': '.cjs' },
  banner: { js: '#!/usr/bin/env node' },
})
await chmod(join(dist, 'updaterctl.cjs'), 0o755)

/** The updater as the one function that the launcher runs. Answers with its name, which tells what is in it. */
async function buildUpdater() {
  await build({
    ...common,
    entryPoints: { updater: 'src/main.ts' },
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
  })
  const hash = createHash('sha256').update(await readFile(join(dist, 'updater.js'))).digest('hex')
  const name = `updater-${hash.slice(0, 12)}`
  await rename(join(dist, 'updater.js'), join(dist, `${name}.js`))
  return name
}

/** @param {string} name */
async function precompile(name) {
  const argv = [join(root, 'scripts/precompile.js'), join(dist, `${name}.js`), join(dist, `${name}.v8-code`)]
  await promisify(execFile)(process.execPath, argv, { env: { PATH: process.env.PATH }, timeout: 60_000 })
}
