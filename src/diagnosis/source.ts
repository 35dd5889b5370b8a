import type { Reach } from '../rollout/context.ts'
import type { Release, TreeState } from '../rollout/model.ts'
import type { Check } from './check.ts'
import { notChecked, ok, warning, type Judgement } from './finding.ts'

/** The remote that releases come from, and the operator's tree beside the release that runs. */
export function sourceChecks(reach: Reach, active: Release | null, tree: () => Promise<TreeState>): Check[] {
  return [
    { id: 'remote', look: (signal) => remote(reach, signal), mend: 'Check network, AUTO_UPDATE_REPO and GITHUB_TOKEN; what runs is not touched by it.' },
    { id: 'tree', look: (signal) => workingTree(reach, active, tree, signal), mend: 'See that the project directory is there and that the updater may read it; what runs is not touched by it.' },
  ]
}

async function remote({ ports }: Reach, signal: AbortSignal): Promise<Judgement> {
  const { length } = await ports.source.listTags(signal)
  return length === 0
    ? warning('The remote answers, but has no release tag.', 'Publish a tag such as v1.2.3, or see whether git.tagPattern in config/updater.yml fits yours.')
    : ok(`The remote answers, with ${length} release ${length === 1 ? 'tag' : 'tags'}.`)
}

async function workingTree({ ports }: Reach, active: Release | null, look: () => Promise<TreeState>, signal: AbortSignal): Promise<Judgement> {
  const tree = await look()
  if (tree.kind === 'foreign') return ok(`The project directory is left as it is, since ${tree.reason}.`)
  if (active === null) return notChecked('It is not known which release runs.', 'Look at the finding about the record first.')
  const dirty = tree.clean ? '' : ' and has local changes'
  if (tree.commit === active.commit) {
    if (tree.clean) return ok(`The project directory is at ${active.tag}, which runs.`)
    return warning(`The project directory is at ${active.tag}, which runs, and has local changes.`, 'Commit or undo them: a release that changes the same files is refused.')
  }
  const distance = await ports.source.treeDistance(active.commit, signal)
  if (distance === null) return notChecked(`The project directory is at ${tree.commit.slice(0, 12)}${dirty}; what runs was found running, and is of no commit that it could be compared with.`)
  return warning(
    `The project directory is at ${tree.commit.slice(0, 12)}, ${said(distance.behind, 'behind')}${distance.ahead > 0 && distance.behind > 0 ? ' and ' : ''}${said(distance.ahead, 'ahead of')} ${active.tag}, which runs${dirty}.`,
    `The next rollout brings it along; before a docker compose up -d of your own: git checkout ${active.tag}`,
  )
}

function said(commits: number, where: string): string {
  return commits === 0 ? '' : `${commits} ${commits === 1 ? 'commit' : 'commits'} ${where}`
}
