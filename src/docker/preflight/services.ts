import type { ComposeService } from '../compose/model.ts'
import { isReleaseTag, operationOf, parseReference } from '../references.ts'

const harmlessPullPolicies = new Set(['missing', 'if_not_present', 'never'])

/** Why a managed service cannot be rolled out as its compose file describes it. */
export function serviceReasons(service: ComposeService): string[] {
  const reasons: string[] = []
  const reference = parseReference(service.image ?? '')
  if (service.image === null) reasons.push(`${service.name} has no image name; give it one with a tag of its own, such as ${service.name}:current`)
  else if (reference === null) reasons.push(`${service.name} pins the image ${service.image}; a managed service needs a name with a tag that can be moved`)
  else if (isReleaseTag(reference.tag) || operationOf(reference.tag) !== null) reasons.push(`${service.name} pins the tag ${reference.tag}, whose form the updater uses for its own tags; name it otherwise`)
  if (service.pullPolicy !== null && !harmlessPullPolicies.has(service.pullPolicy)) {
    reasons.push(`${service.name} has pull_policy ${service.pullPolicy}, which would replace the image that was built`)
  }
  if (service.containers !== 1) reasons.push(`${service.name} asks for ${service.containers} containers; a managed service runs as one`)
  return reasons
}
