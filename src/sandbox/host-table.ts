import { readMapping, readNumber, readText } from './shape.ts'
import { readJson } from './whole-file.ts'

/** Where a port of a service is reached on this machine. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Service name → container port → where it is. What a compose network's name server and addresses are to containers. */
export type HostTable = Readonly<Record<string, Readonly<Record<number, HostPort>>>>

/** Empty when there is no file yet. @throws Error when it is malformed */
export async function readHostTable(path: string): Promise<HostTable> {
  const json = await readJson(path)
  if (json === null) return {}
  return Object.fromEntries(Object.entries(readMapping(json, path)).map(([name, ports]) => [name, readHostPorts(ports, `${path}: ${name}`)]))
}

/** Puts local addresses where `//<service>:<port>` stands. Names that the table lacks stay as they are: nobody answers there. */
export function localize(text: string, table: HostTable): string {
  return text.replaceAll(/\/\/([A-Za-z0-9][A-Za-z0-9._-]*):(\d+)/g, (found: string, name: string, port: string) => {
    const target = Object.hasOwn(table, name) ? table[name]?.[Number(port)] : undefined
    return target === undefined ? found : `//${target.host}:${target.port}`
  })
}

function readHostPorts(value: unknown, where: string): Record<number, HostPort> {
  return Object.fromEntries(Object.entries(readMapping(value, where)).map(([port, entry]) => {
    const target = readMapping(entry, where)
    return [port, { host: readText(target['host'], `${where}: host`), port: readNumber(target['port'], `${where}: port`) }]
  }))
}
