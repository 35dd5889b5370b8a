import { describe, expect, it } from 'vitest'
import { awaitedBy, type ListedContainer } from '../../../src/docker/containers/awaits.ts'

const dependsOn = 'com.docker.compose.depends_on'

function listed(service: string, State: string, Status: string, labels: Readonly<Record<string, string>> = {}): ListedContainer {
  return { State, Status, Labels: { 'com.docker.compose.service': service, ...labels } }
}

const bot = listed('bot', 'created', 'Created', { [dependsOn]: 'postgres:service_healthy:false,gateway:service_started:false,init:service_completed_successfully:false' })
const ready = [listed('postgres', 'running', 'Up 9 seconds (healthy)'), listed('gateway', 'running', 'Up 9 seconds'), listed('init', 'exited', 'Exited (0) 8 seconds ago')]

describe('a container that compose has created and not started', () => {
  it('awaits what is not as far as its condition says', () => {
    const starting = [listed('postgres', 'running', 'Up 3 seconds (health: starting)'), listed('init', 'running', 'Up 3 seconds')]
    expect(awaitedBy(bot, [bot, ...starting])).toEqual(['postgres', 'gateway', 'init'])
  })

  it('awaits nothing once all of it is', () => {
    expect(awaitedBy(bot, [bot, ...ready])).toEqual([])
  })

  it.each([
    ['unhealthy', listed('postgres', 'running', 'Up 2 minutes (unhealthy)'), 'postgres'],
    ['ended', listed('gateway', 'exited', 'Exited (1) 2 seconds ago'), 'gateway'],
    ['ended with an error', listed('init', 'exited', 'Exited (1) 2 seconds ago'), 'init'],
  ])('awaits a dependency that is %s', (_how, dependency, name) => {
    const others = ready.filter(({ Labels }) => Labels['com.docker.compose.service'] !== name)
    expect(awaitedBy(bot, [bot, dependency, ...others])).toEqual([name])
  })

  it('awaits nothing without a word of dependencies', () => {
    expect(awaitedBy(listed('postgres', 'created', 'Created'), [])).toEqual([])
    expect(awaitedBy(listed('postgres', 'created', 'Created', { [dependsOn]: '' }), [])).toEqual([])
  })
})

describe('a container that was started before', () => {
  it.each([['running', 'Up 2 seconds'], ['exited', 'Exited (137) 2 seconds ago']])('awaits nobody when it is %s: nothing but us starts it again', (state, status) => {
    expect(awaitedBy({ ...bot, State: state, Status: status }, [])).toEqual([])
  })
})
