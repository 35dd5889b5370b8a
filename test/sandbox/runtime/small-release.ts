import type { Release } from '../../../src/rollout/model.ts'

export const release: Release = { tag: 'v1.0.0', version: '1.0.0', commit: 'a'.repeat(40) }

/** A release of services with one program each, as JavaScript text. Images are `<service>:current`. */
export function smallRelease(services: Readonly<Record<string, { program: string; restart?: string; environment?: readonly string[]; build?: string }>>): Record<string, string> {
  const sections = Object.entries(services).flatMap(([name, { restart = 'no', environment = [], build }]) => [
    `  ${name}:`,
    `    image: ${name}:current`,
    `    restart: "${restart}"`,
    ...(environment.length > 0 ? ['    environment:', ...environment.map((line) => `      ${line}`)] : []),
    '    x-sandbox:',
    ...(build === undefined ? [] : ['      build: [[node, build.js]]']),
    `      command: [node, ${name}.js]`,
    '      ports: { "8080": PORT }',
  ])
  const programs = Object.entries(services).map(([name, { program }]) => [`${name}.js`, program])
  const builds = Object.values(services).flatMap(({ build }) => (build === undefined ? [] : [['build.js', build]]))
  return { 'docker-compose.yml': ['services:', ...sections, ''].join('\n'), ...Object.fromEntries([...programs, ...builds]) }
}

/** Answers with its pid and its environment until SIGTERM, which it leaves with exit code 7. */
export const answering = `
require('node:http').createServer((request, response) => response.end(JSON.stringify({ pid: process.pid, env: process.env })))
  .listen(process.env.PORT, '127.0.0.1', () => console.log('ready'))
process.on('SIGTERM', () => process.exit(7))
`
