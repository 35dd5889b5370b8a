import { parseArgs } from 'node:util'
import type { Log } from '../rollout/ports.ts'
import { startRouter } from './router/router.ts'
import { replaceJson } from './whole-file.ts'

/*
 * The sandbox's router as a program.
 * Usage: node router --routes <file or directory> --hosts <host table> --entry-point <name>=<port> … [--ports-file <file>]
 * Once it serves, the ports file says {"<entry point>": <port>}.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      routes: { type: 'string' },
      hosts: { type: 'string' },
      'entry-point': { type: 'string', multiple: true },
      'ports-file': { type: 'string' },
    },
  })
  const { routes, hosts, 'entry-point': entryPoints = [], 'ports-file': portsFile } = values
  if (routes === undefined || hosts === undefined || entryPoints.length === 0) {
    throw new Error('usage: router --routes <file or directory> --hosts <host table> --entry-point <name>=<port> … [--ports-file <file>]')
  }
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  const router = await startRouter({ routes, hosts, entryPoints: Object.fromEntries(entryPoints.map(readEntryPoint)), log: lineLog })
  if (portsFile !== undefined) await replaceJson(portsFile, router.ports)
  lineLog.info('the router serves', { ports: router.ports })
  await stopAsked
  await router.close()
}

function readEntryPoint(text: string): [string, number] {
  const [name = '', port = ''] = text.split('=')
  if (name === '' || !/^\d{1,5}$/.test(port)) throw new Error(`"${text}" is no entry point: write <name>=<port>`)
  return [name, Number(port)]
}

const lineLog: Log = {
  info: (message, fields) => writeLine('info', message, fields),
  warn: (message, fields) => writeLine('warn', message, fields),
  error: (message, fields) => writeLine('error', message, fields),
}

function writeLine(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })}\n`)
}

main().catch((error: unknown) => {
  writeLine('error', 'the router failed', { reason: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
})
