/**
 * @typedef {'good' | 'never-healthy' | 'broken-behind-traefik' | 'bot-dies' | 'does-not-build' | 'compose-change'} ReleaseKind
 *
 * @typedef {object} Change a replacement in one file; `find` occurs exactly once there
 * @property {string} file
 * @property {string} find
 * @property {string} replace
 *
 * @typedef {object} ReleasePlan
 * @property {string} tag
 * @property {ReleaseKind} kind
 * @property {string} description
 * @property {Change[]} changes
 * @property {boolean} [mended] the next release takes these changes back
 */

const CALENDAR = "    { name: 'calendar', description: 'Finds free time.' },\n"

/**
 * The reference app's history. Each fault is a mistake in the source of its commit, of the kind that passes review.
 * @type {readonly ReleasePlan[]}
 */
export const RELEASES = [
  { tag: 'v1.0.0', kind: 'good', description: 'The first release.', changes: [] },
  {
    tag: 'v1.1.0',
    kind: 'good',
    description: 'Offers the profile skill.',
    changes: [
      {
        file: 'src/skills/catalogue.js',
        find: CALENDAR,
        replace: `${CALENDAR}    { name: 'profile', description: 'Remembers preferences.' },\n`,
      },
    ],
  },
  {
    tag: 'v1.2.0',
    kind: 'never-healthy',
    description: 'Skills waits for a skill that nobody registers, so it never gets healthy.',
    changes: [
      {
        file: 'src/skills.js',
        find: 'healthy: () => catalogue.size > 0,',
        replace: "healthy: () => catalogue.has('calendar-v2'),",
      },
    ],
    mended: true,
  },
  {
    tag: 'v1.3.0',
    kind: 'broken-behind-traefik',
    description: 'Healthy when asked directly, but fails every request that came through a proxy.',
    changes: [
      {
        file: 'src/service/http-service.js',
        find: "  const target = request.url ?? '/'\n",
        replace: [
          "  const target = request.url ?? '/'",
          "  const forwarded = Object.keys(request.headers).find((name) => name.startsWith('x-forwarded-'))",
          '  if (forwarded !== undefined) throw new Error(`untrusted header ${forwarded}`)',
          '',
        ].join('\n'),
      },
    ],
    mended: true,
  },
  {
    tag: 'v1.4.0',
    kind: 'bot-dies',
    description: 'The bot crashes as soon as its gateway session opens.',
    changes: [
      {
        file: 'src/bot/gateway-session.js',
        find: "log.info('the gateway session is open', { session })",
        replace: "log.info('the gateway session is open', { session: session.id.slice(0, 8) })",
      },
    ],
    mended: true,
  },
  {
    tag: 'v1.5.0',
    kind: 'does-not-build',
    description: 'A syntax error in skills fails its build.',
    changes: [
      {
        file: 'src/skills.js',
        find: 'export async function startSkills(env, log) {',
        replace: 'export async function startSkills(env, log {',
      },
    ],
    mended: true,
  },
  {
    tag: 'v1.6.0',
    kind: 'compose-change',
    description: 'Skills takes larger echoes (an environment variable) and gets more memory (a limit).',
    changes: [
      { file: 'docker-compose.yml', find: 'SKILLS_ECHO_BYTES: "4096"', replace: 'SKILLS_ECHO_BYTES: "8192"' },
      {
        file: 'docker-compose.yml',
        find: 'x-skills-resources: &skills-resources\n  resources:\n    limits:\n      cpus: "0.50"\n      memory: 128M',
        replace: 'x-skills-resources: &skills-resources\n  resources:\n    limits:\n      cpus: "0.50"\n      memory: 160M',
      },
    ],
  },
  {
    tag: 'v1.7.0',
    kind: 'good',
    description: 'Describes the calendar skill better.',
    changes: [
      { file: 'src/skills/catalogue.js', find: "'Finds free time.'", replace: "'Finds free time for everyone.'" },
    ],
  },
]
