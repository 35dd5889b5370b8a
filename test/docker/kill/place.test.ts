import { expect, it } from 'vitest'
import { routesText, stateText } from '../../kill/observer/faked-history.ts'
import { readSeenState } from '../../kill/observer/state-file.ts'
import { wrongLanding, type Place, type World } from './place.ts'

/** What a kill leaves on a stack whose record was the 7th, whose routes led to blue and whose bot was `old`. */
function world({ sequence = 7, phase, step = 'route_switch', routes = 'blue', bots = ['old running'] }: { sequence?: number; phase?: string; step?: string; routes?: 'blue' | 'green'; bots?: readonly string[] }): World {
  const record = readSeenState(stateText({ sequence, ...(phase !== undefined && { phase }) }))
  return {
    record: { ...record, operation: record.operation && { ...record.operation, step } },
    routes: routesText(routes),
    bots: bots.map((bot) => {
      const [id = '', state = ''] = bot.split(' ')
      return { id, state, service: 'zetherion-ai-bot', commit: '' }
    }),
  }
}

const switching = { sequence: 12, phase: 'switching' }
const swapping = { sequence: 15, phase: 'swapping', step: 'restart_bot' }

it.each([
  ['before the third write', { kind: 'write', number: 3, side: 'before' }, world({ sequence: 9 }), world({ sequence: 10 })],
  ['after the third write', { kind: 'write', number: 3, side: 'after' }, world({ sequence: 10 }), world({ sequence: 11 })],
  ['before the routes are replaced', { kind: 'routes', side: 'before' }, world(switching), world({ ...switching, routes: 'green' })],
  ['after the routes are replaced', { kind: 'routes', side: 'after' }, world({ ...switching, routes: 'green' }), world(switching)],
  ['at the routes and not later', { kind: 'routes', side: 'after' }, world({ ...switching, routes: 'green' }), world({ ...swapping, routes: 'green' })],
  ['before the bot is stopped', { kind: 'call', call: 'stop', side: 'before' }, world(swapping), world({ ...swapping, bots: ['old exited'] })],
  ['before the bot is removed', { kind: 'call', call: 'remove', side: 'before' }, world({ ...swapping, bots: ['old exited'] }), world({ ...swapping, bots: [] })],
  ['after the bot is removed', { kind: 'call', call: 'remove', side: 'after' }, world({ ...swapping, bots: [] }), world({ ...swapping, bots: ['new running'] })],
  ['with the new bot made', { kind: 'event', action: 'create' }, world({ ...swapping, bots: ['new created'] }), world({ ...swapping, bots: [] })],
  ['with the new bot made and not committed', { kind: 'event', action: 'start' }, world({ ...swapping, bots: ['new running'] }), world({ sequence: 17, phase: 'retiring', bots: ['new running'] })],
] satisfies readonly (readonly [string, Place, World, World])[])('takes a kill %s for what it is, and no other one', (_, place, there, elsewhere) => {
  expect(wrongLanding(place, world({}), there)).toEqual([])
  expect(wrongLanding(place, world({}), elsewhere)).toHaveLength(1)
})
