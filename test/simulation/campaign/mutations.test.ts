import { expect, test } from 'vitest'
import { runCampaign } from '../../mutations/campaign.ts'
import { mutations } from '../../mutations/mutations.ts'
import { tellFigure } from '../../reporting/figures.ts'

/** For one detector, ms. It ends at its first finding, most within two seconds. */
const limit = 10 * 60_000

test('each deliberate mistake in core and storage is found, and the code as it stands is clean', async ({ task }) => {
  const outcomes = await runCampaign({ mutations, workers: 2, limit })
  const survived = outcomes.filter(({ caught }) => caught === null).map(({ mutation, crash }) => `${mutation.name} (${mutation.file}) ${crash ?? ''}`)
  tellFigure({ task }, { name: 'mutations caught', value: outcomes.length - survived.length, together: 'sum' })
  expect(survived).toEqual([])
  expect(outcomes.length).toBeGreaterThan(150)
})
