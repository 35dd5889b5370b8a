import { readFileSync } from 'node:fs'

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {number} fallback
 * @param {{ min: number, max: number }} range
 */
export function readInteger(env, name, fallback, { min, max }) {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}, but is "${text}"`)
  }
  return value
}

/**
 * A TCP port; 0 lets the system choose.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {number} fallback
 */
export function readPort(env, name, fallback) {
  return readInteger(env, name, fallback, { min: 0, max: 65535 })
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {string} [fallback] used when the variable is unset or empty
 */
export function readText(env, name, fallback) {
  const text = env[name]
  if (text !== undefined && text !== '') return text
  if (fallback === undefined) throw new Error(`${name} must be set`)
  return fallback
}

/**
 * The secret that skills and its callers share, from `SKILLS_API_SECRET` or the file at `SKILLS_API_SECRET_FILE`.
 * There is no default: an open skills service is never started.
 * @param {NodeJS.ProcessEnv} env
 */
export function readSkillsSecret(env) {
  const secret = env.SKILLS_API_SECRET ?? ''
  if (secret !== '') return secret
  const file = env.SKILLS_API_SECRET_FILE ?? ''
  if (file === '') throw new Error('SKILLS_API_SECRET or SKILLS_API_SECRET_FILE must be set')
  const content = readFileSync(file, 'utf8').trim()
  if (content === '') throw new Error(`SKILLS_API_SECRET_FILE (${file}) is empty`)
  return content
}
