import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tellFigure } from '../reporting/figures.ts'
import { at } from '../sandbox/daemon/waiting.ts'
import { runInOwnNamespace, titleWithLoopDevices, withoutLoopDevices } from './own-namespace.ts'

/*
 * Power cuts at random moments of a process that writes record, routes and history: cut-campaign.ts says how, and what
 * it shows. ZETHERION_POWER_CUTS sets the number of cuts, ZETHERION_POWER_SEED repeats a run's moments as far as two
 * processes can be repeated.
 */

const cuts = Number(process.env['ZETHERION_POWER_CUTS'] ?? 100)
const seed = Number(process.env['ZETHERION_POWER_SEED'] ?? Date.now() % 1_000_000)

async function campaign(leftOut: string): Promise<unknown> {
  const root = await mkdtemp(join(tmpdir(), 'zeth-cut-'))
  onTestFinished(() => rmdir(root))
  return runInOwnNamespace(fileURLToPath(new URL('cut-campaign.ts', import.meta.url)), [root, leftOut, String(cuts), String(seed)], 60_000 + cuts * 2_000)
}

describe.skipIf(withoutLoopDevices)(titleWithLoopDevices('a disk whose power is cut at random moments'), () => {
  test('fault 10: has the old or the new record, routes and history, never mixed and never older than what was acknowledged', async (context) => {
    const found = await campaign('nothing')
    expect(found, `ZETHERION_POWER_SEED=${seed}`).toMatchObject({ made: cuts, wrong: [] })
    // A writer that hardly wrote would prove nothing.
    expect(Number(at(found, 'written'))).toBeGreaterThan(cuts / 2)
    tellFigure(context, { name: 'power cuts', value: cuts, together: 'sum' })
  })

  test.each(['file-sync', 'directory-sync'])('finds a writer out that leaves the %s out', async (leftOut) => {
    const found = await campaign(leftOut)
    expect(found, `ZETHERION_POWER_SEED=${seed}`).toMatchObject({ wrong: [expect.stringMatching(/acknowledged|not as (it|they) w/), ...anything(found)] })
  })
})

/** One finding is enough. */
function anything(found: unknown): unknown[] {
  const wrong = at(found, 'wrong')
  return Array.isArray(wrong) ? wrong.slice(1).map(() => expect.any(String)) : []
}
