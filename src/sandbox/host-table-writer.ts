import type { ShelvedContainer } from './containers/container-shelf.ts'
import { type HostTable, readHostTable } from './host-table.ts'
import { replaceJson } from './whole-file.ts'

/** Where the services of these containers are reached, with the fixed entries of the installation on top. */
export function hostTableOf(containers: readonly ShelvedContainer[], fixed: HostTable): HostTable {
  const table: Record<string, Record<number, { host: string; port: number }>> = {}
  for (const { description, found } of containers) {
    if (found.state === 'exited') continue
    table[description.service] = Object.fromEntries(description.ports.map(({ containerPort, port }) => [containerPort, { host: '127.0.0.1', port }]))
  }
  return { ...table, ...fixed }
}

/** Replaces the file if it says something else. */
export async function writeHostTable(path: string, table: HostTable): Promise<void> {
  const current = await readHostTable(path).catch(() => null) // a damaged one is replaced like an outdated one
  if (current === null || JSON.stringify(current) !== JSON.stringify(table)) await replaceJson(path, table)
}
