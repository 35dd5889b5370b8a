import { copyFile, stat, truncate } from 'node:fs/promises'

const largest = 8 * 1024 * 1024
const lookEvery = 5_000

/**
 * Keeps a service's output bounded: once it is over 8 MB its content moves to `<log>.1`. The service writes in append
 * mode straight into the file, so emptying it in place is safe; lines written between copy and emptying are lost.
 */
export function boundLog(path: string): { close: () => void } {
  const timer = setInterval(() => {
    rotate(path).catch((error: unknown) => console.error('the output cannot be bounded', error))
  }, lookEvery)
  return { close: () => clearInterval(timer) }
}

async function rotate(path: string): Promise<void> {
  const { size } = await stat(path)
  if (size <= largest) return
  await copyFile(path, `${path}.1`)
  await truncate(path)
}
