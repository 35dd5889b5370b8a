import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isProgram } from '../src/service/program.js'
import { RELEASES } from './releases.js'

/**
 * @typedef {import('./releases.js').ReleasePlan} ReleasePlan
 * @typedef {import('./releases.js').ReleaseKind} ReleaseKind
 * @typedef {{ tag: string, commit: string, kind: ReleaseKind, description: string }} MadeRelease
 *
 * @typedef {object} MakeOptions
 * @property {string} [traefikConfig] directory that becomes config/traefik; default: the project's, when it exists
 * @property {string} [app] where below the tree the app is; default: the tree itself
 * @property {(directory: string) => Promise<void>} [layOut] makes the first tree, the app included; default: the app and config/traefik
 * @property {readonly ReleasePlan[]} [releases] default: `RELEASES`
 */

const APP = fileURLToPath(new URL('..', import.meta.url))
const TRAEFIK_CONFIG = fileURLToPath(new URL('../../config/traefik', import.meta.url))
const FILES = [
  '.dockerignore', '.env.example', '.gitattributes', '.gitignore', 'Dockerfile', 'Dockerfile.api', 'Dockerfile.skills',
  'README.md', 'docker-compose.yml', 'package.json', 'release.json', 'scripts/check.js', 'src',
]
const FIRST_COMMIT = Date.UTC(2026, 0, 5, 12) / 1000
const GIT_TIMEOUT_MS = 30_000

/**
 * Makes a git repository whose tree is the reference app and whose history is `RELEASES`: on branch main, one commit and
 * one annotated tag a release. The same sources give the same commits.
 * @param {string} directory missing or empty
 * @param {MakeOptions} [options]
 * @returns {Promise<MadeRelease[]>} oldest first
 */
export async function makeReleases(directory, { traefikConfig = TRAEFIK_CONFIG, app = '.', layOut, releases = RELEASES } = {}) {
  await mkdir(directory, { recursive: true })
  if ((await readdir(directory)).length > 0) throw new Error(`${directory} is not empty`)
  await git(directory, ['init', '--quiet', '--initial-branch=main'])
  await (layOut ?? ((tree) => copyApp(tree, traefikConfig)))(directory)
  /** @type {MadeRelease[]} */
  const made = []
  for (const [index, plan] of releases.entries()) {
    const undo = await applyChanges(join(directory, app), plan)
    const commit = await commitRelease(directory, join(app, 'release.json'), plan, FIRST_COMMIT + index * 86_400)
    made.push({ tag: plan.tag, commit, kind: plan.kind, description: plan.description })
    if (plan.mended === true) await undo()
  }
  return made
}

/**
 * @param {string} directory
 * @param {string} traefikConfig
 */
async function copyApp(directory, traefikConfig) {
  for (const file of FILES) await cp(join(APP, file), join(directory, file), { recursive: true })
  if (existsSync(traefikConfig)) await cp(traefikConfig, join(directory, 'config/traefik'), { recursive: true })
}

/**
 * @param {string} directory
 * @param {ReleasePlan} plan
 * @returns {Promise<() => Promise<void>>} takes the plan's changes back
 */
async function applyChanges(directory, { tag, changes }) {
  /** @type {Map<string, string>} */
  const before = new Map()
  for (const { file, find, replace } of changes) {
    const path = join(directory, file)
    const content = await readFile(path, 'utf8')
    if (content.split(find).length !== 2) throw new Error(`${tag}: ${file} must hold exactly once: ${find}`)
    if (!before.has(path)) before.set(path, content)
    await writeFile(path, content.replace(find, () => replace))
  }
  return async () => {
    for (const [path, content] of before) await writeFile(path, content)
  }
}

/**
 * @param {string} directory
 * @param {string} file where the release's identity stands
 * @param {ReleasePlan} plan
 * @param {number} time unix seconds
 * @returns {Promise<string>} the commit's id
 */
async function commitRelease(directory, file, { tag, description }, time) {
  const release = { version: tag.slice(1), commit: '$Format:%H$' }
  await writeFile(join(directory, file), `${JSON.stringify(release)}\n`)
  await git(directory, ['add', '--all'])
  await git(directory, ['commit', '--quiet', '--message', `${description}\n\nRelease ${tag}`], time)
  await git(directory, ['tag', '--annotate', '--message', `Release ${tag}`, tag], time)
  return (await git(directory, ['rev-parse', 'HEAD'])).trim()
}

/**
 * @param {string} directory
 * @param {string[]} args
 * @param {number} [time] unix seconds
 */
async function git(directory, args, time = FIRST_COMMIT) {
  const who = { NAME: 'Reference App', EMAIL: 'reference-app@example.invalid', DATE: `${time} +0000` }
  const people = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  )
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...Object.fromEntries(people),
  }
  const { stdout } = await promisify(execFile)('git', args, { cwd: directory, env, timeout: GIT_TIMEOUT_MS })
  return stdout
}

if (isProgram(import.meta.url)) {
  const directory = process.argv[2]
  if (directory === undefined) {
    process.stderr.write('usage: node make-releases.js DIRECTORY\n')
    process.exit(2)
  }
  process.stdout.write(`${JSON.stringify(await makeReleases(resolve(directory)), null, 2)}\n`)
}
