import * as Type from 'typebox'
import type { Static } from 'typebox'
import { logLevels } from './settings.ts'

/*
 * The shape of config/updater.yml. Each leaf says in `description` what it wants, in words: the errors are made of them.
 * Every key is optional; what is missing has the default that config/updater.yml shows.
 */

/** A duration is kept as written until the whole file is known to be good. */
const duration = Type.Unsafe<string | number>({ duration: true, description: 'a duration such as 10s, 14m or 250ms' })
const size = Type.Unsafe<string | number>({ size: true, description: 'a size such as 10GB or 500MB' })
const count = (least: number) => Type.Integer({ minimum: least, maximum: 1_000, description: `a whole number from ${least} to 1000` })
const port = (least: number) => Type.Integer({ minimum: least, maximum: 65_535, description: `a port from ${least} to 65535` })
const text = (description: string, pattern: string) => Type.String({ minLength: 1, pattern, description })
const baseUrl = text('a base URL such as http://zetherion-ai-traefik:8080', '^https?://[^\\s/?#{}]+/?$')
const shortName = text('a short name of lower-case letters, digits and dashes', '^[a-z0-9][a-z0-9-]*$')
const service = text('the name of a compose service', '^[a-zA-Z0-9][a-zA-Z0-9._-]*$')
const oneOf = <const T extends readonly string[]>(values: T) => Type.Unsafe<T[number]>({ enum: values, description: `one of ${values.join(', ')}` })
const closed = { additionalProperties: false, description: 'a section of keys' } as const
const list = { description: 'a list' } as const

const router = Type.Object(
  {
    rule: Type.Optional(text('a Traefik rule such as Host(`example.org`)', '^[^{}]*$')),
    priority: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number above 0' })),
    middlewares: Type.Optional(Type.Array(text('the name of a middleware', '^[^\\s{}]+$'), list)),
    tls: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "Traefik's tls section of a router" })),
  },
  closed,
)

const group = Type.Object(
  {
    name: shortName,
    services: Type.Object({ blue: service, green: service }, closed),
    port: port(1),
    healthPath: Type.Optional(text('a path such as /health', '^/[^\\s{}]*$')),
    entryPoint: Type.Optional(shortName),
    router: Type.Optional(router),
  },
  closed,
)

const singleton = Type.Object({ name: shortName, service }, closed)

const limits = Type.Object(
  {
    git: Type.Optional(duration),
    beforeSwitch: Type.Optional(duration),
    start: Type.Optional(duration),
    directHealth: Type.Optional(duration),
    previewHealth: Type.Optional(duration),
    routedHealth: Type.Optional(duration),
    singletonHealth: Type.Optional(duration),
    singletonSettled: Type.Optional(duration),
    probe: Type.Optional(duration),
    drain: Type.Optional(duration),
    stop: Type.Optional(duration),
    engineCall: Type.Optional(duration),
    shutdown: Type.Optional(duration),
  },
  closed,
)

const gates = Type.Object(
  { inARow: Type.Optional(count(1)), between: Type.Optional(duration), quickest: Type.Optional(duration), slowest: Type.Optional(duration) },
  closed,
)

const policy = Type.Object(
  {
    surroundingsBeforePause: Type.Optional(count(1)),
    keepReleases: Type.Optional(count(1)),
    standbyGrace: Type.Optional(duration),
    fallenGrace: Type.Optional(duration),
    restarts: Type.Optional(count(0)),
    restartWindow: Type.Optional(duration),
  },
  closed,
)

const traefik = Type.Object(
  {
    entryPoints: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }), baseUrl, { additionalProperties: false, description: 'names of entry points (lower-case letters, digits and dashes) and their base URLs' })),
    preview: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: '^https?://[^\\s/?#{}]+/?$', description: 'a base URL such as http://zetherion-ai-traefik:9180, or null' })),
  },
  closed,
)

const git = Type.Object(
  {
    tagPattern: Type.Optional(text('a regular expression', '\\S')),
    allowedSigners: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: '\\S', description: 'the path of a file such as /etc/releases/allowed-signers, or null' })),
  },
  closed,
)

const docker = Type.Object(
  {
    composeCommand: Type.Optional(Type.Array(text('a word of a command', '\\S'), { minItems: 1, description: 'a command as a list, such as [docker, compose]' })),
    project: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: '^[a-z0-9][a-z0-9_-]*$', description: 'a compose project name, or null' })),
    builder: Type.Optional(oneOf(['buildkit', 'classic'])),
    buildCacheLimit: Type.Optional(size),
  },
  closed,
)

const runtime = Type.Object(
  {
    kind: Type.Optional(oneOf(['docker', 'sandbox'])),
    directory: Type.Optional(text('a directory', '\\S')),
    hosts: Type.Optional(Type.Record(
      Type.String({ pattern: '^[^\\s:]+:\\d+$' }), text('an address such as 127.0.0.1:18080', '^[^\\s:]+:\\d+$'),
      { additionalProperties: false, description: 'names with a port, such as zetherion-ai-traefik:8080, and their addresses' },
    )),
  },
  closed,
)

export const configSchema = Type.Object(
  {
    topology: Type.Optional(Type.Object({ groups: Type.Optional(Type.Array(group, list)), singletons: Type.Optional(Type.Array(singleton, list)) }, closed)),
    traefik: Type.Optional(traefik),
    limits: Type.Optional(limits),
    gates: Type.Optional(gates),
    policy: Type.Optional(policy),
    git: Type.Optional(git),
    docker: Type.Optional(docker),
    runtime: Type.Optional(runtime),
    api: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(text('an address to listen on', '^\\S+$')),
          port: Type.Optional(port(0)),
          secretGroup: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, description: 'a group id, or null' })),
        },
        closed,
      ),
    ),
    log: Type.Optional(Type.Object({ level: Type.Optional(oneOf(logLevels)) }, closed)),
  },
  closed,
)

/** config/updater.yml, validated. */
export type ConfigFile = Static<typeof configSchema>
