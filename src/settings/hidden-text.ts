/** A text that no log line, no JSON and no inspection shows by accident. */
export interface HiddenText {
  reveal(): string
}

export function hiddenText(text: string): HiddenText {
  return { reveal: () => text }
}
