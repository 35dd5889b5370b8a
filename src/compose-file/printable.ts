/** A sentence that repeats what somebody else wrote: on one line, without control characters, of bearable length. */
export function printable(sentence: string): string {
  const line = sentence.replace(/[^\P{Cc}]+/gu, ' ')
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

/** Characters. */
const longest = 700
