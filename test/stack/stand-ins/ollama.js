import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { request as ask } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { log, readBody, serve } from './service.js'

/**
 * Stands for Ollama where its image cannot be pulled: the same command and the same HTTP paths, models that are names in
 * /root/.ollama, no answers worth having. What it tells truly is which container was asked for which model, which models that
 * container holds in memory, and whether a model had to be loaded for a question.
 */
const manifests = join(process.env['OLLAMA_MODELS'] ?? '/root/.ollama/models', 'manifests')
/** As long as the real one takes at the least for a small model, ms. */
const loading = 250
/** Kept without `keep_alive`, ms. */
const usualKeepAlive = 5 * 60_000
const mostLoaded = Number(process.env['OLLAMA_MAX_LOADED_MODELS'] ?? 0) || 3

/** @type {Map<string, { until: number }>} by name, oldest use first; `until` is Infinity for one that is never unloaded */
const loaded = new Map()
/** @type {Record<string, number>} */
const asked = {}

/** @param {string} name */
const full = (name) => (name.includes(':') ? name : `${name}:latest`)
/** @param {string} name */
const fileOf = (name) => join(manifests, full(name).replace(/[^a-zA-Z0-9.:_-]/g, '-'))
const pulled = () => (existsSync(manifests) ? readdirSync(manifests) : [])

/** @param {string | number} [value] `keep_alive` of a request: seconds, a duration such as `10m`, negative for ever */
function keepAlive(value = process.env['OLLAMA_KEEP_ALIVE'] ?? '') {
  const parts = /^(-?\d+)([smh]?)$/.exec(String(value))
  if (parts === null) return usualKeepAlive
  const number = Number(parts[1])
  return number < 0 ? Infinity : number * ({ m: 60_000, h: 3_600_000 }[parts[2] ?? ''] ?? 1_000)
}

function forgetIdle() {
  for (const [name, { until }] of loaded) if (until < Date.now()) loaded.delete(name)
}

/** @param {string} body @param {'response' | 'embeddings'} kind */
async function infer(body, kind) {
  const { model = '', keep_alive } = JSON.parse(body)
  const name = full(String(model))
  asked[name] = (asked[name] ?? 0) + 1
  if (!existsSync(fileOf(name))) return { status: 404, json: { error: `model '${model}' not found`, container: hostname() } }
  forgetIdle()
  const wasLoaded = loaded.has(name)
  if (!wasLoaded) {
    const [oldest] = loaded.keys()
    if (loaded.size >= mostLoaded && oldest !== undefined) loaded.delete(oldest)
    await delay(loading)
  }
  loaded.delete(name)
  loaded.set(name, { until: Date.now() + keepAlive(keep_alive) })
  log({ name: 'ollama', message: 'asked', model: name, was_loaded: wasLoaded })
  const outcome = kind === 'response' ? { response: `${name} on ${hostname()}` } : { embeddings: [Array.from({ length: 768 }, () => 0)] }
  return { json: { model: name, ...outcome, done: true, load_duration: wasLoaded ? 0 : loading * 1e6, container: hostname() } }
}

/** @param {string} body */
function pull(body) {
  const { model, name } = JSON.parse(body)
  const wanted = full(String(model ?? name))
  mkdirSync(manifests, { recursive: true })
  writeFileSync(fileOf(wanted), JSON.stringify({ model: wanted, pulled: new Date().toISOString() }))
  log({ name: 'ollama', message: 'pulled', model: wanted })
  return { json: { status: 'success' } }
}

function startService() {
  mkdirSync(manifests, { recursive: true })
  serve({
    name: 'ollama',
    port: 11434,
    async answer({ method, path, request }) {
      const call = `${method} ${path}`
      if (call === 'GET /') return { text: 'Ollama is running' }
      if (call === 'GET /api/tags') return { json: { models: pulled().map((name) => ({ name })) } }
      if (call === 'GET /api/ps') {
        forgetIdle()
        return { json: { models: [...loaded].map(([name, { until }]) => ({ name, expires_at: until === Infinity ? 'never' : new Date(until).toISOString() })) } }
      }
      if (call === 'GET /stand-in/asked') return { json: { container: hostname(), asked } }
      if (call === 'POST /api/pull') return pull(await readBody(request))
      if (call === 'POST /api/generate' || call === 'POST /api/chat') return infer(await readBody(request), 'response')
      if (call === 'POST /api/embed') return infer(await readBody(request), 'embeddings')
      return { status: 404, json: { error: 'not found' } }
    },
  })
}

/**
 * Asks the service of this container.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [content]
 * @returns {Promise<any>}
 */
function asking(method, path, content) {
  return new Promise((resolve, reject) => {
    const call = ask({ host: '127.0.0.1', port: 11434, method, path }, (answer) => {
      readBody(answer).then((text) => {
        const body = JSON.parse(text)
        if (answer.statusCode === 200) resolve(body)
        else reject(new Error(body.error))
      }, reject)
    })
    call.on('error', reject)
    call.end(content === undefined ? undefined : JSON.stringify(content))
  })
}

async function command([verb = '', model = '', prompt = ''] = process.argv.slice(2)) {
  if (verb === 'serve') return startService()
  if (verb === 'pull' && model !== '') return process.stdout.write(`${(await asking('POST', '/api/pull', { model })).status}\n`)
  if (verb === 'run' && model !== '') return process.stdout.write(`${(await asking('POST', '/api/generate', { model, prompt })).response}\n`)
  if (verb === 'list' || verb === 'ps') {
    const { models } = await asking('GET', verb === 'list' ? '/api/tags' : '/api/ps')
    return process.stdout.write(`NAME\n${models.map((/** @type {{ name: string }} */ entry) => `${entry.name}\n`).join('')}`)
  }
  throw new Error('usage: ollama serve | pull MODEL | list | ps | run MODEL PROMPT')
}

await command().catch((error) => {
  process.stderr.write(`Error: ${error.message}\n`)
  process.exitCode = 1
})
