/** Characters; 32 of base64url are as long as a key of 192 bits. */
const shortestSecret = 32

/**
 * Why a secret that somebody gave could be guessed, to follow its name (`is shorter than 32 characters`); null when nothing
 * speaks against it. Never repeats any of it, nor tells its length. What is drawn at random passes: 32 hex digits do.
 */
export function secretWeakness(secret: string): string | null {
  const characters = Array.from(secret)
  if (characters.length < shortestSecret) return `is shorter than ${shortestSecret} characters`
  if (/change.?me|replace.?me|place.?holder|your.?secret|pass.?word|example/i.test(secret)) return 'looks like a placeholder'
  if (/^(.{1,16}?)\1+/su.exec(secret)?.[0].length === secret.length || steps(characters) > characters.length / 2) return 'repeats itself or counts'
  return bits(characters) < fewestBits ? 'is made of too few different characters' : null
}

/** 32 random hex digits have some 115 by this measure, 32 random decimal digits some 100. */
const fewestBits = 80

/** Shannon's entropy of the characters as they are distributed here: more than a guesser needs, for words are no chance. */
function bits(characters: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - count * Math.log2(count / characters.length), 0)
}

/** How many characters are the one before, or its neighbor: `aaaa`, `abcd`, `4321`. */
function steps(characters: readonly string[]): number {
  return characters.filter((character, index) => index > 0 && Math.abs((character.codePointAt(0) ?? 0) - (characters[index - 1]?.codePointAt(0) ?? -9)) <= 1).length
}
