import type { Release } from '../../../src/rollout/model.ts'

/**
 * How the releases of the contract behave.
 * - `good`, `next`: fine, and tell their version in their first log line; built in a moment.
 * - `slow`: fine, but each build prints `building`, takes two seconds and prints `built`.
 * - `endless`: its builds print `building` and take ten minutes.
 * - `failing-build`: the build prints `cannot find the module that nobody wrote` and exits 1.
 * - `stubborn`: ignores SIGTERM.
 * - `dying`: prints `the database is not there` to stderr and exits with 3 at once.
 * - `unhealthy`: runs, answers 503 on its health path, prints `waiting for a licence`.
 * - `incomplete`: its compose file lacks the service `bot` and names the variable `NOBODY_SETS_THIS` without a default.
 */
export type ReleaseKind = 'good' | 'next' | 'slow' | 'endless' | 'failing-build' | 'stubborn' | 'dying' | 'unhealthy' | 'incomplete'

export const releaseKinds = [
  'good', 'next', 'slow', 'endless', 'failing-build', 'stubborn', 'dying', 'unhealthy', 'incomplete',
] as const satisfies readonly ReleaseKind[]

/** Services of every release's compose file: one group in two colors, and a singleton. Each has its own image. */
export const services = { blue: 'web-blue', green: 'web-green', bot: 'bot' } as const

/** Name of a service's image, without its tag. */
export function imageOf(service: string): string {
  return service === services.bot ? 'contract-bot' : 'contract-web'
}

/** The release of a kind: the same in every world, so that test files can name it before a world is there. */
export function releaseOf(kind: ReleaseKind): Release {
  const number = releaseKinds.indexOf(kind) + 1
  return { tag: `v1.0.${number}`, version: `1.0.${number}`, commit: `${number}`.repeat(3).padEnd(40, 'c') }
}

/** Files of a release, by their path in its repository. Docker builds the Dockerfiles, the sandbox runs `x-sandbox`. */
export function filesOf(kind: ReleaseKind): Readonly<Record<string, string>> {
  return {
    'docker-compose.yml': composeFile(kind),
    'web/Dockerfile': dockerfile('web'),
    'web/program.js': program,
    'web/build.js': build,
    'web/release.json': JSON.stringify({ kind, version: releaseOf(kind).version }),
    'bot/Dockerfile': dockerfile('bot'),
    'bot/program.js': program,
    'bot/build.js': build,
    'bot/release.json': JSON.stringify({ kind, version: releaseOf(kind).version }),
  }
}

function composeFile(kind: ReleaseKind): string {
  const missing = kind === 'incomplete'
  return [
    'services:',
    ...service('web-blue', 'contract-web:blue', 'web', missing ? ['      SETTING: ${NOBODY_SETS_THIS}'] : []),
    ...service('web-green', 'contract-web:green', 'web', []),
    ...(missing ? [] : service('bot', 'contract-bot:current', 'bot', [])),
    '',
  ].join('\n')
}

function service(name: string, image: string, directory: string, environment: readonly string[]): string[] {
  return [
    `  ${name}:`,
    `    image: ${image}`,
    `    build: { context: ./${directory} }`,
    '    restart: "no"',
    '    environment:',
    '      PORT: "8080"',
    ...environment,
    '    x-sandbox:',
    `      build: [[node, ${directory}/build.js]]`,
    `      command: [node, ${directory}/program.js]`,
    '      ports: { "8080": PORT }',
    '      health: { port: 8080, path: /health }',
  ]
}

function dockerfile(directory: string): string {
  return [
    'FROM gcr.io/distroless/nodejs20-debian12',
    `WORKDIR /${directory}`,
    'COPY . .',
    'RUN ["/nodejs/bin/node", "build.js"]',
    'HEALTHCHECK --interval=200ms --timeout=2s --retries=3 CMD ["/nodejs/bin/node", "program.js", "check"]',
    'CMD ["program.js"]',
    '',
  ].join('\n')
}

const build = `
const { kind } = require('./release.json')
console.log('building')
if (kind === 'failing-build') {
  console.error('cannot find the module that nobody wrote')
  process.exit(1)
}
setTimeout(() => console.log('built'), { slow: 2000, endless: 600000 }[kind] ?? 0)
`

const program = `
const http = require('node:http')
const { kind, version } = require('./release.json')

if (process.argv[2] === 'check') {
  http.get({ port: process.env.PORT, path: '/health' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1))
    .on('error', () => process.exit(1))
} else {
  console.log('release ' + version)
  if (kind === 'dying') {
    console.error('the database is not there')
    process.exitCode = 3
  } else {
    serve()
  }
}

function serve() {
  const healthy = kind !== 'unhealthy'
  http.createServer((request, response) => response.writeHead(healthy ? 200 : 503).end(version)).listen(process.env.PORT, () => {
    if (!healthy) console.log('waiting for a licence')
    for (let line = 1; line <= 60; line++) console.log('line ' + line)
    console.error('ready')
  })
  process.on('SIGTERM', () => {
    console.log('asked to end')
    if (kind !== 'stubborn') process.exit(0)
  })
}
`
