import { placeOf } from '../../compose-file/source.ts'
import type { ComposeSource } from '../../compose-file/source.ts'
import type { ComposeModel, ComposeService } from '../compose/model.ts'
import { isReleaseTag, operationOf, parseReference } from '../references.ts'

const harmlessPullPolicies = new Set(['missing', 'if_not_present', 'never'])

/** The tag of the color that is about to be replaced is moved: under one name the other's would move along. */
export function colorReasons([blue, green]: readonly [string, string], model: ComposeModel, sources: readonly ComposeSource[]): string[] {
  const [one, other] = [blue, green].map((name) => parseReference(model.get(name)?.image ?? ''))
  if (one === null || one === undefined || one.repository !== other?.repository || one.tag !== other.tag) return []
  return [`${placeOf(sources, ['services', green, 'image'])}: ${green} pins ${one.repository}:${one.tag} as ${blue} does; each color needs a tag of its own, such as ${one.repository}:blue and ${one.repository}:green`]
}

/** Why a managed service cannot be rolled out as its compose file describes it. */
export function serviceReasons({ name, image, pullPolicy, containers }: ComposeService, sources: readonly ComposeSource[]): string[] {
  const reasons: string[] = []
  const refuse = (key: string, sentence: string): void => {
    reasons.push(`${placeOf(sources, ['services', name, ...key.split('.')])}: ${name} ${sentence}`)
  }
  const reference = parseReference(image ?? '')
  if (image === null) refuse('image', `has no image name; give it one with a tag of its own, such as ${name}:current`)
  else if (reference === null) refuse('image', `pins the image ${image}; a managed service needs a name with a tag that can be moved`)
  else if (isReleaseTag(reference.tag) || operationOf(reference.tag) !== null) refuse('image', `pins the tag ${reference.tag}, whose form the updater uses for its own tags; name it otherwise`)
  if (pullPolicy !== null && !harmlessPullPolicies.has(pullPolicy)) refuse('pull_policy', `has pull_policy ${pullPolicy}, which would replace the image that was built`)
  if (containers !== 1) refuse('deploy.replicas', `asks for ${containers} containers; a managed service runs as one`)
  return reasons
}
