import type { Statement } from './statement.ts'

/** docs/stack.md. @throws Error naming rows that have neither a test nor a note */
export function evidence(statements: readonly Statement[]): string {
  const bare = statements.filter(({ shown, note }) => shown.length === 0 && note === null)
  if (bare.length > 0) throw new Error(`without a proof: ${bare.map(({ says }) => says).join('; ')}`)
  const sections = [...new Set(statements.map(({ section }) => section))]
  return [
    '# The stack, statement by statement\n',
    'What the specification says of the stack, and the test that shows it. Written by `npx vitest run test/unit/house/stack.test.ts -u`, which fails when a row has no proof or names a test that',
    'is not there; `test/stack/stack.test.ts` fails when a test that is named here has not passed on a real engine. Its tests try to break each limit from inside of the containers, with `test/stack/probe`.\n',
    'The images of qdrant, ollama, cloudflared and the socket proxy are stood in for there (no registry is asked), PostgreSQL is Debian\'s; names, users, paths, ports and commands are those of the real images.\n',
    'Seed 1 is the older document, 2 the newer one, R the settled readings.',
    ...sections.flatMap((name) => [
      `\n## ${name}\n`, '| seed | statement | shown by |', '|---|---|---|',
      ...statements.filter(({ section }) => section === name).map(({ seed, says, shown, note }) => {
        const proofs = [...shown.map(({ title }) => `“${title}”`), ...(note === null ? [] : [note])].join('; ')
        return `| ${seed === 'README' ? 'R' : seed} | ${cell(says)} | ${cell(proofs)} |`
      }),
    ]),
    '',
  ].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
