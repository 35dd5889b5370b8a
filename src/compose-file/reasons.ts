import { printable } from './printable.ts'
import type { ComposeSource } from './source.ts'
import { spotsAt } from './source.ts'
import { entriesOf, isTagged, isText, itemsOf, textOf } from './spots.ts'
import type { Spot } from './spots.ts'
import { unsetVariables } from './variables.ts'

/**
 * Why a compose file cannot be taken as it stands, before anybody merges it with others; each reason begins with its
 * place and is one line. What Compose itself checks better (every key and its type) is left to it.
 * @param known variables that are set, with their values, which are never repeated
 */
export function fileReasons(source: ComposeSource, known: ReadonlyMap<string, string>): string[] {
  if (source.errors.length > 0) return [...source.errors]
  const at = ({ offset }: { readonly offset: number }, sentence: string): string => printable(`${source.place(offset)}: ${sentence}`)
  return [
    ...shapeReasons(source, at),
    ...spotsAt(source, ['version']).filter((spot) => !isKnownVersion(spot)).map((spot) => at(spot, `version must be a text such as "3.9", is ${textOf(spot) ?? 'something else'}`)),
    ...spotsAt(source, ['include']).map((spot) => at(spot, 'this includes other files, which the updater does not follow; list them in COMPOSE_FILE')),
    ...servicesIn(source).flatMap(([name, service]) => extendedFiles(service).map((spot) =>
      at(spot, `${name} extends a service of ${textOf(spot) ?? 'another file'}, which would be read from the working tree, not from the release; put that service into the same file`))),
    ...unsetVariables(source.documents, known).map(({ name, reason, offset }) =>
      at({ offset }, `this wants the variable ${name}, which .env does not set${reason === '' ? '' : ` (${reason})`}`)),
  ]
}

/** Every service of the file that has a section. */
export function servicesIn(source: ComposeSource): [string, Spot][] {
  return spotsAt(source, ['services']).flatMap((services) => [...(entriesOf(services) ?? [])])
}

type Tell = (spot: { readonly offset: number }, sentence: string) => string

function shapeReasons(source: ComposeSource, at: Tell): string[] {
  return [
    ...spotsAt(source, ['services']).filter((services) => entriesOf(services) === null && !isTagged(services)).map((services) => at(services, 'services must be a mapping of names')),
    ...servicesIn(source).filter(([, service]) => entriesOf(service) === null && !isTagged(service)).map(([name, service]) => at(service, `services.${name} must be a mapping`)),
  ]
}

/** 1 had another form, and nobody knows a 4. Version 2 of Compose ignores the key, version 1 obeys it. */
function isKnownVersion(spot: Spot): boolean {
  return isText(spot) && /^[23](\.\d{1,2})?$/.test(textOf(spot) ?? '')
}

/** Files that services are taken from. Compose looks for them in the project directory, wherever the compose file is. */
function extendedFiles(service: Spot): Spot[] {
  const extended = entriesOf(service)?.get('extends')
  const file = extended === undefined ? undefined : entriesOf(extended)?.get('file')
  return file === undefined ? [] : [file]
}

/** Files of variables that a service names, as they are written. */
export function environmentFiles(service: Spot): Spot[] {
  return ['env_file', 'label_file'].flatMap((key) => {
    const listed = entriesOf(service)?.get(key)
    if (listed === undefined) return []
    return (itemsOf(listed) ?? [listed]).map((item) => entriesOf(item)?.get('path') ?? item)
  })
}
