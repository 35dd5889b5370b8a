import { describe, expect, it } from 'vitest'
import { sampleOf, routesText, stateText } from './faked-history.ts'
import { createJudge, type Sample } from './judge.ts'

/** What the judge says about the last of these looks, and that it had nothing to say about those before. */
function verdictOn(samples: readonly Sample[], unpausing = false): string[] {
  const judge = createJudge()
  const verdicts = samples.map((sample) => judge.judge(sample, unpausing))
  expect(verdicts.slice(0, -1).flat()).toEqual([])
  return verdicts.at(-1) ?? []
}

describe('the observer', () => {
  it('has nothing to say about a rollout that goes well', () => {
    const both = ['skills-blue', 'api-blue', 'skills-green', 'api-green', 'bot']
    expect(verdictOn([
      sampleOf(),
      sampleOf({ state: stateText({ sequence: 8, phase: 'preparing' }) }),
      sampleOf({ state: stateText({ sequence: 8, phase: 'preparing' }), running: both }),
      sampleOf({ state: stateText({ sequence: 9, phase: 'switching' }), running: both, routes: routesText('green') }),
      sampleOf({ state: stateText({ sequence: 10, phase: 'swapping' }), running: both.slice(0, 4), routes: routesText('green'), botContainers: 0 }),
      sampleOf({ state: stateText({ sequence: 11, phase: 'retiring' }), running: both.slice(2), routes: routesText('green') }),
      sampleOf({ state: stateText({ sequence: 12 }), running: both.slice(2), routes: routesText('green') }),
    ])).toEqual([])
  })

  it('sees two bots', () => {
    expect(verdictOn([sampleOf(), sampleOf({ running: ['skills-blue', 'api-blue', 'bot', 'bot'] })])).toEqual(['I2: 2 bots run: 102, 103'])
  })

  it('sees a second container of the bot that does not run yet', () => {
    expect(verdictOn([sampleOf(), sampleOf({ botContainers: 2 })])).toEqual(['I2: 2 containers of the bot exist'])
  })

  it('sees bots whose sessions overlapped between two looks', () => {
    expect(createJudge().judgeSessions({ open: 1, overlaps: 1 })).toEqual(['I2: 1 sessions were opened beside another one'])
    expect(createJudge().judgeSessions({ open: 2, overlaps: 0 })).toEqual(['I2: 2 bots have a session'])
    expect(createJudge().judgeSessions({ open: 1, overlaps: 0 })).toEqual([])
  })

  it.each([
    ['cut off in its middle', routesText('blue').slice(0, 120)],
    ['cut off by its last byte', routesText('blue').slice(0, -1)],
    ['empty', ''],
    ['half old and half new', routesText('blue', { api: 'green' })],
  ])('sees a routes file that is %s', (_, routes) => {
    expect(verdictOn([sampleOf(), sampleOf({ routes })])).toEqual([expect.stringMatching(/^I6: the routes file is not whole: /)])
  })

  it.each([
    ['cut off in its middle', stateText().slice(0, 80)],
    ['empty', ''],
    ['changed by one digit', stateText().replace('"epoch":2', '"epoch":3')],
  ])('sees a state file that is %s', (_, state) => {
    expect(verdictOn([sampleOf(), sampleOf({ state })])).toEqual([expect.stringMatching(/^I6: the state file is not whole: /)])
  })

  it('sees files that are gone, but expects none before the first', () => {
    expect(verdictOn([sampleOf({ state: null }), sampleOf(), sampleOf({ state: null, routes: null })])).toEqual(['I6: the routes file is gone', 'I6: the state file is gone'])
  })

  it('sees a record whose number falls, or stays although it says something else', () => {
    expect(verdictOn([sampleOf(), sampleOf({ state: stateText({ sequence: 6 }) })])).toEqual(["I6: the record's number went from 7 to 6"])
    expect(verdictOn([sampleOf(), sampleOf({ state: stateText({ holds: ['too late'] }) })])).toEqual(["I6: the record's number went from 7 to 7"])
  })

  it('sees a record that an earlier daemon wrote over', () => {
    expect(verdictOn([sampleOf(), sampleOf({ state: stateText({ sequence: 8, epoch: 1 }) })])).toEqual(["I5: the record's epoch went from 2 to 1"])
  })

  it('sees a hold that went by itself, and lets it go while somebody unpauses', () => {
    const [held, free] = [sampleOf({ state: stateText({ holds: ['night'] }) }), sampleOf({ state: stateText({ sequence: 8 }) })]
    expect(verdictOn([held, free])).toEqual(['I4: the hold of 2026-01-01T00:00:00.000Z operator: night went although nobody unpaused'])
    expect(verdictOn([held, free], true)).toEqual([])
  })

  it('sees an open operation that does not count as paused', () => {
    expect(verdictOn([sampleOf({ state: stateText({ phase: 'preparing', paused: false }) })])).toHaveLength(1)
  })

  it('sees a routed color that does not run', () => {
    expect(verdictOn([sampleOf(), sampleOf({ running: ['api-blue', 'bot'] })])).toEqual(['I1: blue is routed and zetherion-ai-skills-blue does not run'])
    expect(verdictOn([sampleOf(), sampleOf({ routes: routesText('green') })])).toHaveLength(2)
  })

  it('sees an old color that does not run before the commit point, and lets it go after it', () => {
    const green = { routes: routesText('green'), running: ['skills-green', 'api-green', 'bot'] }
    expect(verdictOn([sampleOf({ state: stateText({ phase: 'swapping' }), ...green })])).toEqual([
      'I3: v1.1.0 is not committed (swapping) and zetherion-ai-skills-blue of the old color does not run',
      'I3: v1.1.0 is not committed (swapping) and zetherion-ai-api-blue of the old color does not run',
    ])
    expect(verdictOn([sampleOf({ state: stateText({ phase: 'retiring' }), ...green })])).toEqual([])
  })

  it('sees an entry point that answers anything but 200, or nothing', () => {
    const judge = createJudge()
    expect([200, 502, 0].map((status) => judge.judgeAnswer('api', status))).toEqual([[], ['I1: api answers 502'], ['I1: api answers nothing']])
  })

  it('does not hold files against processes that it could not see at one time', () => {
    expect(verdictOn([sampleOf(), { ...sampleOf({ routes: routesText('green') }), sandbox: null }])).toEqual([])
  })
})
