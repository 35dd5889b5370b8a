/**
 * Writes V8's compiled code of the bundle: `node precompile.js BUNDLE OUTPUT`, in a process of its own. The updater is run in an
 * empty project until its API has answered, so that the code of every function that a start needs is in it.
 */
import { mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { loadBundle, runBundle } from './run-bundle.js'

const [bundle = '', output = ''] = process.argv.slice(2)
const limit = 30_000
const secret = 'for-this-run-and-nothing-else-0123456789'

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'zetherion-precompile-'))
  try {
    const port = await freePort()
    Object.assign(process.env, settingsIn(directory, port))
    const script = loadBundle(bundle, output)
    runBundle(script, bundle)
    for (const path of ['/health', '/status', '/openapi.json']) await answered(`http://127.0.0.1:${port}${path}`)
    writeFileSync(`${output}.tmp`, script.createCachedData())
    renameSync(`${output}.tmp`, output)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * @param {string} directory
 * @param {number} port
 */
function settingsIn(directory, port) {
  mkdirSync(join(directory, 'state'))
  writeFileSync(join(directory, 'docker-compose.yml'), 'services: {}\n')
  writeFileSync(join(directory, 'updater.yml'), configuration(join(directory, 'sandbox')))
  return {
    PROJECT_DIR: directory,
    UPDATER_CONFIG: join(directory, 'updater.yml'),
    UPDATER_STATE_PATH: join(directory, 'state/updater-state.json'),
    UPDATER_TRAEFIK_DYNAMIC_PATH: join(directory, 'state/traefik/dynamic/updater-routes.yml'),
    UPDATER_SECRET_PATH: join(directory, 'state/secret/.updater-secret'),
    UPDATER_SECRET: secret,
    UPDATER_HOST: '127.0.0.1',
    UPDATER_PORT: String(port),
    UPDATER_LOG_LEVEL: 'silent',
    AUTO_UPDATE_REPO: directory,
  }
}

/** @param {string} sandbox */
function configuration(sandbox) {
  return `
limits: { drain: 1s }
traefik: { entryPoints: { skills: "http://127.0.0.1:9", api: "http://127.0.0.1:9" } }
runtime: { kind: sandbox, directory: ${JSON.stringify(sandbox)} }
`
}

/** @param {string} url */
async function answered(url) {
  for (const deadline = Date.now() + limit; Date.now() < deadline;) {
    const status = await fetch(url, { headers: { 'x-updater-secret': secret } }).then((answer) => answer.status, () => 0) // 0: not up yet
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${url} was not answered within ${limit} ms`)
}

main().then(() => process.exit(0), (error) => {
  process.stderr.write(`precompile.js: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
