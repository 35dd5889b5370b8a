import { UpdaterError } from '../rollout/errors.ts'
import { amountOf, listed, type Check } from './check.ts'
import { notChecked, ok, warning, wrong, type Judgement } from './finding.ts'
import type { Installation, Known } from './installation.ts'

/** What lies on disk: who may read what, whether routes can be replaced, how much room there is, what was left over. */
export function fileChecks(installation: Installation, known: Known): Check[] {
  return [
    { id: 'settings', look: () => Promise.resolve(settings(installation.settingsWarnings)), mend: 'Mend the settings and start the updater again.' },
    { id: 'secret', look: () => secret(installation), mend: 'See that the updater can look at the directory of the secret.' },
    { id: 'socket', look: () => socket(installation), mend: "See that the updater can look at the engine's socket." },
    { id: 'routes_place', look: () => routesPlace(installation), mend: 'See that the updater can look at the directory of the routes file.' },
    { id: 'state_disk', look: () => stateDisk(installation), mend: 'See that the state directory is there and that its disk answers.' },
    { id: 'leftovers', look: (signal) => leftovers(installation, known, signal), mend: 'Look at the finding about the engine first.' },
  ]
}

function settings(warnings: readonly string[]): Judgement {
  return warnings.length === 0 ? ok('All settings are read, and none looks mistaken.') : warning(warnings.join(' '), 'Mend what is named, and start the updater again.')
}

/** Who knows it can make a release active; the skills service has to. */
async function secret(installation: Installation): Promise<Judgement> {
  const { secret, dotEnvExposure } = installation
  const ill = secret.source === 'file' ? await secretFile(installation) : null
  if (ill !== null) return ill
  const [weakness, exposed] = [await secret.weakness(), await dotEnvExposure()]
  if (weakness !== null) return warning(weakness, 'Do what is said there; whoever knows the old one has to learn the new one.')
  if (exposed !== null) return warning(exposed, 'Do what is said there: that file is where a stack keeps its other secrets.')
  return ok(secret.source === 'file' ? `${secret.path} can be read by its owner and its group, and by nobody else.` : 'The secret comes from UPDATER_SECRET.')
}

/** Null where all is well. */
async function secretFile({ secret: { path, group, exposures }, permissions }: Installation): Promise<Judgement | null> {
  const directory = dirnameOf(path)
  const [file, place] = [await permissions(path), await permissions(directory)]
  if (file === null) return wrong(`There is no secret at ${path}, so nobody can be let in.`, 'Start the updater, which makes one, and see that it can write into that directory.')
  const exposed = await exposures()
  if (exposed.length > 0) return wrong(exposed.join(' '), 'Do what is said there; a secret that is removed is made anew, and the skills service reads the new one.')
  const found = `${path} has the permissions ${bits(file.mode)}`
  if ((file.mode & groupWrite) !== 0) return warning(`${found}: its group can change it.`, `Take that away: chmod g-w ${path}`)
  if ((file.mode & groupRead) === 0) return warning(`${found}: its group cannot read it, so the skills service may not.`, `Let the group read it: chmod g+r ${path}`)
  const wanted = group ?? place?.group ?? file.group
  if (file.group !== wanted) return warning(`${path} belongs to group ${file.group}, and group ${wanted} is to read it.`, `Give it that group: chgrp ${wanted} ${path}`)
  if (place !== null && (place.mode & groupSearch) === 0) return warning(`${directory} has the permissions ${bits(place.mode)}: the group of the secret cannot get at it.`, `Let the group in: chmod g+x ${directory}`)
  return null
}

/** Whoever can write to it is root on the host. */
async function socket({ engine, dockerHost, permissions }: Installation): Promise<Judgement> {
  if (engine === null) return notChecked('This stack runs as plain processes, without an engine.')
  const path = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1]
  if (path === undefined) return notChecked(`The engine is asked at ${dockerHost}, not through a socket of this machine.`, 'See that nobody but the updater reaches that address: who does may do what it lets through.')
  const found = await permissions(path)
  if (found === null) return wrong(`There is no socket at ${path}.`, "Mount the engine's socket into the updater, or set DOCKER_HOST.")
  if (found.kind !== 'socket') return wrong(`What lies at ${path} is no socket: the engine made a directory where it found nothing to mount.`, 'Mount the socket of the running engine, and create the updater anew.')
  if ((found.mode & others) !== 0) return wrong(`${path} has the permissions ${bits(found.mode)}: everybody on this machine can use the engine, and is root by that.`, `Take that away: chmod o= ${path}, and see what made it so.`)
  if (!found.readable || !found.writable) return wrong(`The updater may not use ${path}, which belongs to group ${found.group}.`, `Put the updater into that group: group_add: ["${found.group}"] in the compose file.`)
  return ok(`${path} can be used by its owner and group ${found.group}, the updater among them.`)
}

async function routesPlace({ routesPlace: look }: Installation): Promise<Judgement> {
  const misplaced = await look()
  if (misplaced === null) return ok('The routes file can be replaced by one rename: its directory and the staging directory are on one mount.')
  return wrong(misplaced, 'Do what is said there and start the updater again; until then it only observes.')
}

async function stateDisk({ stateDirectory, permissions, freeBytes }: Installation): Promise<Judgement> {
  const place = await permissions(stateDirectory)
  if (place === null) return wrong(`There is no state directory ${stateDirectory}.`, 'Mount it writable into the updater.')
  if (!place.writable) return wrong(`The updater may not write into ${stateDirectory}.`, "Give it to the updater's user, and see that it is not mounted read-only.")
  const bytes = await freeBytes(stateDirectory)
  const found = `${amountOf(bytes)} are free in ${stateDirectory}.`
  const mend = 'Make room on the disk of the state directory.'
  if (bytes < roomForRecord) return wrong(`${found} A rollout could not be written down.`, mend)
  return bytes < roomForReleases ? warning(`${found} There may be no room to lay out the next release.`, mend) : ok(found)
}

async function leftovers({ stagedFiles, engine }: Installation, { operation }: Known, signal: AbortSignal): Promise<Judgement> {
  if (operation !== null) return notChecked('An operation is open: what it prepared and kept is its own.')
  const [staged, kept] = await Promise.all([stagedFiles(), engine === null ? [] : engine.keptImages(signal).catch(unlessUnreachable)])
  const left = [...staged, ...(kept ?? []).map(({ image }) => image)]
  if (left.length === 0 && kept === null) return notChecked('No files were left over; the engine, which would tell of images, does not answer.', 'Look at the finding about the engine first.')
  if (left.length === 0) return ok('Nothing was left over: no prepared routes, no half-written files, no images kept for an operation.')
  return warning(`Left over from an earlier operation: ${listed(left)}.`, 'It does no harm and goes with the next operation or start; if it does not, remove it by hand.')
}

function unlessUnreachable(error: unknown): null {
  if (error instanceof UpdaterError && error.code === 'engine_unreachable') return null
  throw error
}

function dirnameOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function bits(mode: number): string {
  return mode.toString(8).padStart(3, '0')
}

const others = 0o006
const groupWrite = 0o020
const groupRead = 0o040
const groupSearch = 0o010

/** The record, its previous copy, the history and what is kept for a full disk. */
const roomForRecord = 16e6
/** The mirror's new objects and a release's files. */
const roomForReleases = 256e6
