import { describe, expect, test } from 'vitest'
import { planOf, withCompleted } from '../../../src/rollout/plan.ts'
import { defaultTopology } from '../../../src/settings/defaults.ts'
import { noGroups, noSingletons, nothingAtAll } from '../../simulation/world/topologies.ts'

describe('the plan', () => {
  test('of Zetherion\'s stack is the contract\'s order', () => {
    expect(planOf(defaultTopology, 'green')).toEqual([
      'git_fetch_tags', 'git_checkout_tag', 'preflight', 'docker_build',
      'start_zetherion-ai-skills-green', 'health_zetherion-ai-skills-green', 'start_zetherion-ai-api-green', 'health_zetherion-ai-api-green',
      'health_preview_skills', 'health_preview_api', 'route_switch', 'health_routed_skills', 'health_routed_api',
      'restart_bot', 'health_bot', 'commit', 'drain', 'stop_old_color', 'update_tree',
    ])
  })

  test('towards blue starts blue', () => {
    expect(planOf(noSingletons, 'blue')).toContain('start_skills-blue')
  })

  test('without groups switches nothing, without singletons restarts nothing', () => {
    expect(planOf(noGroups, 'green')).not.toContain('route_switch')
    expect(planOf(noSingletons, 'green').filter((name) => name.startsWith('restart_'))).toEqual([])
    expect(planOf(nothingAtAll, 'green')).toEqual(['git_fetch_tags', 'git_checkout_tag', 'preflight', 'docker_build', 'commit', 'drain', 'stop_old_color', 'update_tree'])
  })
})

test('completed steps stand in the contract\'s order, whatever ended first, and once', () => {
  const done = withCompleted(['git_fetch_tags'], ['health_routed_api', 'health_routed_skills', 'git_fetch_tags'], defaultTopology, 'green')
  expect(done).toEqual(['git_fetch_tags', 'health_routed_skills', 'health_routed_api'])
})
