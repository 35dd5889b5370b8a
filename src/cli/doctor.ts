import { readFile } from 'node:fs/promises'
import { settingsRefused } from '../diagnosis/examine-installation.ts'
import { inOrder, notChecked, wrong, type Finding, type Judgement } from '../diagnosis/finding.ts'
import { asSentence } from '../rollout/errors.ts'
import type { Environment } from '../settings/environment.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { ApiSettings, SecretSettings, SettingsReading } from '../settings/settings.ts'
import type { DoctorOptions } from './arguments.ts'
import { askUpdater, type Reply, type Serving } from './ask-updater.ts'
import { lookHere } from './look-here.ts'

/** What doctor found. */
export interface Diagnosis {
  /** Where the updater was asked; null when nobody knows. */
  readonly url: string | null
  /** Who looked: the updater, or this process in its place. */
  readonly by: 'updater' | 'here'
  readonly findings: readonly Finding[]
  readonly serving: Serving
  /** False when the updater is there but would not tell us: then much is not known. */
  readonly told: boolean
}

/** How long is waited for each, ms. */
export interface DoctorLimits {
  /** For the updater to write the routes anew, Traefik to take them (limits.routedHealth), and the look. */
  readonly written: number
  /** For a look of the updater, which has a limit of its own. */
  readonly told: number
  /** For a look of ours. */
  readonly own: number
}

const defaultDoctorLimits: DoctorLimits = { written: 75_000, told: 40_000, own: 20_000 }

/** Asks the updater; where it does not answer, looks as far as can be seen from here. */
export async function doctor({ url: given, readOnly }: DoctorOptions, environment: Environment, limits = defaultDoctorLimits): Promise<Diagnosis> {
  const reading = await loadSettings(environment)
  const api = reading.kind === 'settings' ? reading.settings.api : reading.api
  const url = given ?? (api === null ? null : addressOf(api))
  const reply = await ask(url, api, readOnly, limits)
  if (reply.kind === 'told') return { url, by: 'updater', findings: reply.findings, serving: reply.serving, told: true }
  const updater: Finding = { check: 'updater', ...judge(reply, url) }
  const { findings, serving } = await look(reading, environment, limits.own)
  return { url, by: 'here', findings: inOrder([updater, ...findings]), serving, told: reply.kind === 'silent' }
}

/** With new routes unless that is not wanted, or not done: then without. */
async function ask(url: string | null, api: ApiSettings | null, readOnly: boolean, limits: DoctorLimits): Promise<Reply> {
  if (url === null || api === null) return { kind: 'silent', why: 'its settings do not say where it listens' }
  const secret = await readSecret(api.secret)
  // Without a secret it is still worth knowing whether somebody is there; nobody is let in by none.
  const full = readOnly || secret === '' ? null : await askUpdater(url, secret, 'POST', AbortSignal.timeout(limits.written))
  if (full?.kind === 'told' || (full?.kind === 'refused' && !meanwhile.has(full.code))) return full
  const look = await askUpdater(url, secret, 'GET', AbortSignal.timeout(limits.told))
  return look.kind === 'told' && full !== null ? withReload(look, full.why) : look
}

/** Why new routes are not written although a look is given. */
const meanwhile: ReadonlySet<string> = new Set(['in_progress', 'in_maintenance', 'observing', 'shutting_down'])

function withReload(reply: Reply & { kind: 'told' }, why: string): Reply {
  const reload: Finding = { check: 'reload', ...notChecked(asSentence(why), 'Ask again when that is over.') }
  return { ...reply, findings: reply.findings.map((finding) => (finding.check === 'reload' ? reload : finding)) }
}

function judge(reply: Exclude<Reply, { kind: 'told' }>, url: string | null): Judgement {
  if (reply.kind === 'silent') return wrong(asSentence(`The updater does not answer${url === null ? '' : ` at ${url}`}: ${reply.why}`), 'Start it and read its log; what serves goes on serving without it.')
  return reply.code === 'unauthorized'
    ? notChecked(`The updater answers at ${String(url)}, but not to the secret that is known here.`, 'Run this where the updater runs (docker exec), or as somebody who may read its secret.')
    : notChecked(asSentence(`The updater answers at ${String(url)}, but does not tell: ${reply.why}`), 'Do what it says; ask again then.')
}

async function look(reading: SettingsReading, environment: Environment, limit: number): Promise<{ findings: readonly Finding[]; serving: Serving }> {
  if (reading.kind === 'settings') return lookHere(reading.settings, environment, limit)
  return { findings: [settingsRefused(reading.problems.map(({ sentence }) => sentence))], serving: { color: null, release: null, pauseReason: null } }
}

/** Never made here: the updater makes it. Empty when there is none for us; the finding about the secret says why. */
async function readSecret({ value, path }: SecretSettings): Promise<string> {
  if (value !== null) return value.reveal()
  return await readFile(path, 'utf8').then((text) => text.trim(), () => '')
}

/** Where it listens, as this machine reaches it. */
function addressOf({ host, port }: ApiSettings): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
