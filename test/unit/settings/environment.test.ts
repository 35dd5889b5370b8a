import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { good, problems } from './reading.ts'

describe('the environment', () => {
  it('has the defaults of the contract', () => {
    const settings = good()
    expect(settings).toMatchObject({
      api: { host: '0.0.0.0', port: 9090, secret: { value: null, path: '/app/data/.updater-secret', group: null }, logLevel: 'info' },
      paths: { projectDirectory: '/project', stateFile: '/app/data/updater-state.json', stateDirectory: '/app/data', routesFile: '/project/config/traefik/dynamic/updater-routes.yml' },
      git: { remote: null, token: null },
      docker: { host: null, composeFiles: null, project: null },
      policy: { pauseOnFailure: true },
      polling: { enabled: false, schedule: { kind: 'every', milliseconds: 900_000 }, requireApproval: false },
      healthUrls: {},
      warnings: [],
      secretWarnings: [],
    })
  })

  it('is taken over where it is set', () => {
    const settings = good({
      AUTO_UPDATE_ENABLED: 'True',
      AUTO_UPDATE_REPO: 'acme/stack',
      AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '*/5 * * * *',
      AUTO_UPDATE_PAUSE_ON_FAILURE: '0',
      UPDATE_REQUIRE_APPROVAL: 'yes',
      GITHUB_TOKEN: 'token-1',
      UPDATER_SECRET: 'secret-1',
      UPDATER_STATE_PATH: '/srv/stack/state/updater-state.json',
      UPDATER_TRAEFIK_DYNAMIC_PATH: '/srv/stack/state/traefik/dynamic/updater-routes.yml',
      PROJECT_DIR: '/srv/stack',
      COMPOSE_FILE: 'docker-compose.yml:docker-compose.site.yml',
      COMPOSE_PROJECT_NAME: 'zetherion',
      HEALTH_URLS: 'http://zetherion-ai-skills-blue:8080/ready, http://zetherion-ai-api-green:8443/ready',
      DOCKER_HOST: 'unix:///run/user/1000/docker.sock',
      UPDATER_HOST: '127.0.0.1',
      UPDATER_PORT: '0',
      UPDATER_LOG_LEVEL: 'warn',
    })
    expect(settings).toMatchObject({
      api: { host: '127.0.0.1', port: 0, logLevel: 'warn' },
      paths: { projectDirectory: '/srv/stack', stateDirectory: '/srv/stack/state', routesFile: '/srv/stack/state/traefik/dynamic/updater-routes.yml' },
      git: { remote: 'https://github.com/acme/stack.git' },
      docker: { host: 'unix:///run/user/1000/docker.sock', composeFiles: ['docker-compose.yml', 'docker-compose.site.yml'], project: 'zetherion' },
      policy: { pauseOnFailure: false },
      polling: { enabled: true, schedule: { kind: 'cron', expression: '*/5 * * * *' }, requireApproval: true },
      healthUrls: { 'zetherion-ai-skills-blue': 'http://zetherion-ai-skills-blue:8080/ready', 'zetherion-ai-api-green': 'http://zetherion-ai-api-green:8443/ready' },
      warnings: [],
      secretWarnings: [],
    })
    expect(settings.git.token?.reveal()).toBe('token-1')
    expect(settings.api.secret.value?.reveal()).toBe('secret-1')
  })

  it('counts an empty variable as unset, as Compose passes them', () => {
    expect(JSON.stringify(good({ AUTO_UPDATE_ENABLED: '', AUTO_UPDATE_REPO: ' ', UPDATER_PORT: '', GITHUB_TOKEN: '', COMPOSE_FILE: '' }))).toBe(JSON.stringify(good()))
  })

  it('goes before the file', () => {
    const settings = good({ UPDATER_PORT: '9999', UPDATER_LOG_LEVEL: 'error' }, 'api:\n  port: 9191\nlog:\n  level: debug\n')
    expect(settings.api).toMatchObject({ port: 9999, logLevel: 'error' })
  })

  it('splits COMPOSE_FILE as COMPOSE_PATH_SEPARATOR says', () => {
    expect(good({ COMPOSE_FILE: 'a.yml;/b:c.yml', COMPOSE_PATH_SEPARATOR: ';' }).docker.composeFiles).toStrictEqual(['a.yml', '/b:c.yml'])
  })

  it('never shows token or secret in JSON or inspection', () => {
    const settings = good({ GITHUB_TOKEN: 'token-1', UPDATER_SECRET: 'secret-1' })
    expect(JSON.stringify(settings) + inspect(settings, { depth: 10, showHidden: true })).not.toMatch(/token-1|secret-1/)
  })

  it.each([
    [{ AUTO_UPDATE_ENABLED: 'maybe' }, 'environment: AUTO_UPDATE_ENABLED must be true or false, is "maybe"'],
    [{ AUTO_UPDATE_ENABLED: 'true' }, 'environment: AUTO_UPDATE_REPO must be set when AUTO_UPDATE_ENABLED is true'],
    [{ AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '0' }, 'environment: AUTO_UPDATE_CHECK_INTERVAL_MINUTES must be from 0.01 to 10080 minutes, is "0"'],
    [{ AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '-5' }, 'environment: AUTO_UPDATE_CHECK_INTERVAL_MINUTES must be from 0.01 to 10080 minutes, is "-5"'],
    [{ UPDATER_PORT: '80a' }, 'environment: UPDATER_PORT must be a port from 0 to 65535, is "80a"'],
    [{ UPDATER_STATE_PATH: 'state.json' }, 'environment: UPDATER_STATE_PATH must be an absolute path, is "state.json"'],
    [{ UPDATER_LOG_LEVEL: 'loud' }, 'environment: UPDATER_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, is "loud"'],
    [{ HEALTH_URLS: 'http://a/health,b:80' }, 'environment: HEALTH_URLS must be http URLs separated by commas, contains "b:80"'],
    [{ COMPOSE_FILE: ':' }, 'environment: COMPOSE_FILE must be a list of files, is ":"'],
  ])('%j is refused with the name of the variable', (env, sentence) => {
    expect(problems(env)).toStrictEqual([sentence])
  })

  it('tells what is wrong with a cron expression', () => {
    expect(problems({ AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '61 * * * *' })[0]).toMatch(/must be minutes such as 15, or a cron expression .*is "61 \* \* \* \*" \(.*minute.*\)$/)
    expect(problems({ AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '0 0 30 2 *' })[0]).toContain('it never comes round')
  })

  it('tells problems of the environment and of the file at once', () => {
    expect(problems({ AUTO_UPDATE_ENABLED: 'maybe', UPDATER_PORT: 'x' }, 'limits:\n  drain: soon\n')).toHaveLength(3)
  })

  it('warns of variables that are probably misspelt, and of no others', () => {
    expect(good({ AUTO_UPDATE_ENABELD: 'true', UPDATER_URL: 'x', UPDATER_STATE_DIR: 'y', PATH: '/bin', UPDATE_REQUIRE_APROVAL: '1' }).warnings).toStrictEqual([
      'environment: AUTO_UPDATE_ENABELD is not a setting of the updater; did you mean AUTO_UPDATE_ENABLED?',
      'environment: UPDATE_REQUIRE_APROVAL is not a setting of the updater; did you mean UPDATE_REQUIRE_APPROVAL?',
    ])
  })

  it('warns of a health URL of a host that is no service', () => {
    expect(good({ HEALTH_URLS: 'http://qdrant:6333/' }).warnings).toStrictEqual(['environment: HEALTH_URLS names qdrant, which is no service of the topology; it is ignored'])
  })
})

describe('AUTO_UPDATE_REPO', () => {
  it.each([
    ['acme/stack', 'https://github.com/acme/stack.git'],
    ['acme/stack.git', 'https://github.com/acme/stack.git'],
    ['https://git.example.org/acme/stack.git', 'https://git.example.org/acme/stack.git'],
    ['ssh://git@example.org:2222/acme/stack.git', 'ssh://git@example.org:2222/acme/stack.git'],
    ['git@github.com:acme/stack.git', 'git@github.com:acme/stack.git'],
    ['file:///srv/stack.git', 'file:///srv/stack.git'],
    ['/srv/stack.git', '/srv/stack.git'],
  ])('%s is the remote %s', (text, url) => {
    expect(good({ AUTO_UPDATE_REPO: text }).git.remote).toBe(url)
  })

  it.each(['stack', '../stack', '--upload-pack=x', '-u/x', 'ext::sh -c x', 'ext::sh', 'https://a b/c', 'ftp://example.org/x', 'ssh://-oProxyCommand=x/y', 'ssh://-o@example.org/x', 'git@-oProxyCommand:x', 'git@host:-x', 'a/b/c', 'git://example.org/x', 'http://example.org/x'])(
    '%s is refused',
    (text) => {
      expect(problems({ AUTO_UPDATE_REPO: text })).toStrictEqual([expect.stringMatching(/^environment: AUTO_UPDATE_REPO (must|names)/)])
    },
  )

  it('is refused when it carries credentials, which are not repeated', () => {
    const sentences = [...problems({ AUTO_UPDATE_REPO: 'https://user:s3cret@example.org/x.git' }), ...problems({ AUTO_UPDATE_REPO: 'https://s3cret@example.org/x.git' }),
      ...problems({ AUTO_UPDATE_REPO: 'https://example.org/x.git?private_token=s3cret' })]
    expect(sentences).toStrictEqual(Array.from({ length: 3 }, () => 'environment: AUTO_UPDATE_REPO must not carry credentials; put the token into GITHUB_TOKEN'))
  })
})
