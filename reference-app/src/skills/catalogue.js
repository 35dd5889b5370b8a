/** @typedef {{ name: string, description: string }} Skill */

/**
 * The skills this release offers.
 * @returns {Map<string, Skill>} by name
 */
export function loadCatalogue() {
  const skills = [
    { name: 'tasks', description: 'Keeps lists of tasks.' },
    { name: 'calendar', description: 'Finds free time.' },
  ]
  return new Map(skills.map((skill) => [skill.name, skill]))
}
