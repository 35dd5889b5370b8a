import { join } from 'node:path'
import type { Screen } from './printing/screen.ts'
import { skillsSecret } from './stack/project.ts'
import type { Stack } from './stack/stack.ts'

/** How to talk to a stack that stays, and how to end it. */
export function tellHowToTalk({ stack, screen }: { readonly stack: Stack; readonly screen: Screen }): void {
  const { project, entryPoints } = stack
  const url = stack.daemon().url
  const header = '-H "X-Updater-Secret: $SECRET"'
  const say = (title: string, ...lines: string[]): void => {
    screen.line()
    screen.line(screen.paint('bold', title))
    for (const line of lines) screen.line(`  ${line}`)
  }
  say('All of it is left running. The updater:',
    `SECRET=$(cat ${join(project.state, 'secret/.updater-secret')})`,
    `curl ${header} ${url}/status`,
    `curl ${header} ${url}/update/history`,
    `tail -f ${join(project.root, 'updater.log')}`)
  say('A further release, published and applied:',
    `git -C ${join(project.root, 'origin')} push ${project.remote} v1.7.0`,
    `curl ${header} -H 'content-type: application/json' -d '{"tag":"v1.7.0","version":"1.7.0"}' ${url}/update/apply`)
  say('The stack, through its entry points:',
    `curl ${entryPoints.api}/v1/ping`,
    `skills: ${entryPoints.skills} (calls signed with ${skillsSecret}, see reference-app/README.md)`,
    `project directory: ${project.directory}`)
  say('To end all of it and remove its files:', `npx tsx demo/main.ts --end ${project.root}`)
}
