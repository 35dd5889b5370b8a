import { join } from 'node:path'
import type { Screen } from './printing/screen.ts'
import { skillsSecret } from './stack/project.ts'
import type { Stack } from './stack/stack.ts'

/** How to talk to a stack that stays, and how to end it. */
export function tellHowToTalk({ stack, screen }: { readonly stack: Stack; readonly screen: Screen }): void {
  const { project, entryPoints } = stack
  const url = stack.daemon().url
  const secret = `-H "X-Updater-Secret: $(cat ${join(project.state, 'secret/.updater-secret')})"`
  const say = (title: string, ...lines: string[]): void => {
    screen.line()
    screen.line(screen.paint('bold', title))
    for (const line of lines) screen.line(`  ${line}`)
  }
  say('It is left running. The updater:',
    `curl ${secret} ${url}/status`,
    `curl ${secret} ${url}/update/history`,
    `curl ${secret} -d '{"tag":"v1.6.0","version":"1.6.0"}' -H 'content-type: application/json' ${url}/update/apply`,
    `curl ${secret} -X POST ${url}/update/unpause`,
    `tail -f ${join(project.root, 'updater.log')}`)
  say('The stack, through its router:',
    `curl ${entryPoints.api}/v1/ping`,
    `skills: ${entryPoints.skills}  (signed calls, key ${skillsSecret}: see reference-app/README.md)`)
  say('Directories:',
    `project        ${project.directory}`,
    `release tags   ${join(project.root, 'origin')}; publish one: git -C ${join(project.root, 'origin')} push ${project.remote} v1.7.0`)
  say('To end all of it and remove its files:', `npx tsx demo/main.ts --end ${project.root}`)
}
