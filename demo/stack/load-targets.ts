import { signRequest } from '../../reference-app/src/service/signature.js'
import type { LoadTarget } from './load.ts'
import { skillsSecret } from './project.ts'

/** One cheap call of each routed group: skills wants a signature, api is public. */
export function loadTargetsOf(entryPoints: { readonly skills: string; readonly api: string }): LoadTarget[] {
  return [
    {
      name: 'skills',
      url: `${entryPoints.skills}/skills`,
      headers: () => ({ 'x-api-secret': signRequest({ secret: skillsSecret, method: 'GET', path: '/skills' }) }),
    },
    { name: 'api', url: `${entryPoints.api}/v1/ping`, headers: () => ({}) },
  ]
}

/** The release that an answer of the reference app names. */
export function releaseOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('release' in body)) return 'unknown'
  const { release } = body
  return typeof release === 'object' && release !== null && 'version' in release ? `v${String(release.version)}` : 'unknown'
}
