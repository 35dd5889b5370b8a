import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBody, serve } from './service.js'

/**
 * Stands for Qdrant where its image cannot be pulled: port 6333, collections that are kept in /qdrant/storage as the real
 * one keeps them, nothing about vectors. It ends at once where it cannot write, as the real one does.
 */
const directory = process.env['QDRANT__STORAGE__STORAGE_PATH'] ?? '/qdrant/storage'
const collections = join(directory, 'collections')
mkdirSync(collections, { recursive: true })
writeFileSync(join(directory, 'raft_state.json'), JSON.stringify({ started: new Date().toISOString(), peer: randomUUID() }))

serve({
  name: 'qdrant',
  port: Number(process.env['QDRANT__SERVICE__HTTP_PORT'] ?? 6333),
  async answer({ method, path, request }) {
    if (path === '/healthz' || path === '/readyz' || path === '/livez') return { text: 'healthz check passed' }
    if (path === '/') return { json: { title: 'qdrant - vector search engine', version: 'stand-in' } }
    if (path === '/collections') return { json: { result: { collections: readdirSync(collections).map((name) => ({ name })) }, status: 'ok' } }
    const name = /^\/collections\/([A-Za-z0-9_-]{1,64})$/.exec(path)?.[1]
    if (name === undefined) return { status: 404, json: { status: { error: 'Not found' } } }
    if (method === 'PUT') {
      writeFileSync(join(collections, name), await readBody(request))
      return { json: { result: true, status: 'ok' } }
    }
    if (!readdirSync(collections).includes(name)) return { status: 404, json: { status: { error: `Collection ${name} doesn't exist` } } }
    return { json: { result: JSON.parse(readFileSync(join(collections, name), 'utf8')), status: 'ok' } }
  },
})
