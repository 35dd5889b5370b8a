import { followEvents, seenContainers } from './engine-look.ts'

/** Watches through the engine's own events that there is never more than one bot, neither running nor startable (I2). */
export interface BotWatch {
  /** What was seen that may never be; empty when all was well. */
  readonly wrong: readonly string[]
  end(): void
}

const botService = 'zetherion-ai-bot'

/** @throws Error when the engine does not answer */
export async function watchBots(socketPath: string): Promise<BotWatch> {
  const there = new Set<string>()
  const running = new Set<string>()
  const wrong: string[] = []
  const look = (): void => {
    if (there.size > 1) wrong.push(`${there.size} containers of the bot at once: ${[...there].join(', ')}`)
    if (running.size > 1) wrong.push(`${running.size} bots ran at once: ${[...running].join(', ')}`)
  }
  const events = followEvents(socketPath, ({ id, service, action }) => {
    if (service !== botService) return
    if (action === 'create') there.add(id)
    if (action === 'start') running.add(id)
    if (action === 'die') running.delete(id)
    if (action === 'destroy') there.delete(id)
    look()
  })
  await events.open
  for (const { id, service, state } of await seenContainers(socketPath)) {
    if (service !== botService) continue
    there.add(id)
    if (state === 'running') running.add(id)
  }
  look()
  return { wrong, end: () => events.end() }
}
