import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Campaigns of the simulation: pure and long. */
const campaigns = ['test/simulation/campaign/**/*.test.ts']
/** Daemons that are killed: one at a time, for they measure recovery. */
const onKills = ['test/kill/**/*.test.ts']
/** Disks that fill up, fail or lose their power, and a clock that is moved: one at a time, since they keep both cores busy. */
const onDisks = ['test/power/**/*.test.ts']
/** Levels that start an engine take their turn alone: they measure real waits, and an engine needs both cores. */
const onEngine = ['test/docker/**/*.test.ts', 'test/engine/**/*.test.ts', 'test/stack/**/*.test.ts', 'test/traefik/**/*.test.ts']
/** Of these, some wait for one limit after the other to pass, each with an engine of its own: two of them at a time. */
const waitingOnEngine = ['test/docker/faults/{full-disk,socket,traefik}.test.ts']
/** Levels with a daemon, git and processes of their own. */
const onProcesses = ['test/sandbox/**/*.test.ts', 'test/demo/**/*.test.ts']

/** As many files at a time as there are cores: left to itself vitest keeps one free, which on two is half of them. */
const everyCore = { maxWorkers: availableParallelism() }

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/reporting/plain-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'fast', ...everyCore, include: ['test/**/*.test.ts'], exclude: [...onEngine, ...onProcesses, ...campaigns, ...onKills, ...onDisks], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'campaigns', ...everyCore, include: campaigns, testTimeout: 40 * 60_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'processes', ...everyCore, include: onProcesses, testTimeout: 60_000, sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: { name: 'kills', include: onKills, fileParallelism: false, testTimeout: 20 * 60_000, sequence: { groupOrder: 3 } },
      },
      {
        extends: true,
        test: { name: 'disks', include: onDisks, fileParallelism: false, testTimeout: 20 * 60_000, sequence: { groupOrder: 4 } },
      },
      {
        extends: true,
        test: { name: 'engine', include: onEngine, exclude: waitingOnEngine, fileParallelism: false, testTimeout: 120_000, sequence: { groupOrder: 5 } },
      },
      {
        extends: true,
        test: { name: 'engine-waiting', include: waitingOnEngine, maxWorkers: 2, testTimeout: 120_000, sequence: { groupOrder: 6 } },
      },
    ],
  },
})
