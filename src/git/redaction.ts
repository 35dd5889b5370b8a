/** Takes secrets out of text that others wrote. */
export type Redact = (text: string) => string

/**
 * A redaction for these secrets and for credentials inside any address. A remote may repeat what we sent it, in whatever
 * form it had there: plain, percent-encoded in any way, or inside of something in base64. So whatever git prints passes
 * through here before it becomes part of an error or a log line.
 */
export function redactionOf(secrets: readonly string[]): Redact {
  // Longest first, so that a secret inside another one leaves no rest.
  const ordered = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  const patterns = ordered.flatMap((secret) => [inAnyForm(secret, /[^]/u), ...insideBase64(secret).map((part) => inAnyForm(part, /[^\w-]/))])
  return (text) => withoutCredentials(patterns.reduce((rest, pattern) => rest.replace(pattern, '***'), text))
}

/** An address whose user, password and token are taken out; up to the last `@` before its path, for a password may hold one. */
export function withoutCredentials(text: string): string {
  return text.replace(/(https?:\/\/)[^\s/?#]*@/gi, '$1***@').replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*:[^\s/?#]*@/gi, '$1***@')
}

/** Each character as it is, or percent-encoded, however often, if it may be. */
function inAnyForm(secret: string, mayBeEncoded: RegExp): RegExp {
  return new RegExp(Array.from(secret, (character) => {
    if (!mayBeEncoded.test(character)) return character
    const encoded = [...Buffer.from(character)].map((byte) => `%(?:25)*${eitherCase(byte.toString(16).padStart(2, '0'))}`).join('')
    return `(?:${escaped(character)}|${encoded}${character === ' ' ? '|\\+' : ''})`
  }).join(''), 'g')
}

/**
 * What a longer text in base64 certainly holds of this secret, wherever it stands in there: three bytes become four
 * characters, so that there are three ways to begin. Its first and last character may belong to a neighbor as well.
 */
function insideBase64(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const parts = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
    const certain = text.toString('base64').slice(Math.ceil((before * 4) / 3), Math.floor((text.length * 8) / 6))
    return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [...new Set(parts)].filter((part) => part.length >= shortestPart)
}

/** Characters; a shorter part stands in many a word by chance. */
const shortestPart = 8

function escaped(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}
