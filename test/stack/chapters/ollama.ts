import { expect, it } from 'vitest'
import { at } from '../../sandbox/daemon/waiting.ts'
import { inside } from '../harness/inside.ts'
import type { Here } from './scene.ts'

/** Which model belongs to which container, as the older seed has it. */
const models = { 'zetherion-ai-ollama': ['llama3.1:8b', 'nomic-embed-text'], 'zetherion-ai-ollama-router': ['llama3.2:3b'] }

/** The one-shot commands are those of the seed and of the documentation, word for word. */
export function dualOllama(here: Here): void {
  it('a model is pulled by a one-shot command into the container that it belongs to, and into no other', async () => {
    const { stack } = here()
    for (const [container, names] of Object.entries(models)) {
      for (const model of names) expect(await inside(stack, container, ['ollama', 'pull', model])).toMatchObject({ code: 0, output: expect.stringContaining('success') })
    }
    expect((await inside(stack, 'zetherion-ai-ollama', ['ollama', 'list'])).output.split('\n').slice(1).sort()).toEqual(['llama3.1:8b', 'nomic-embed-text:latest'])
    expect((await inside(stack, 'zetherion-ai-ollama-router', ['ollama', 'list'])).output.split('\n').slice(1)).toEqual(['llama3.2:3b'])
  })

  it('the app asks either container by its name, and each keeps its own models loaded: no question waits for a model to be swapped', async () => {
    const { stack } = here()
    const ask = async (host: string, model: string, path = 'generate'): Promise<unknown> => {
      const program = `fetch('http://${host}:11434/api/${path}', { method: 'POST', body: JSON.stringify({ model: '${model}', prompt: 'hi', input: 'hi', stream: false }) }).then((answer) => answer.text()).then(console.log)`
      const { output } = await inside(stack, 'zetherion-ai-skills-blue', ['/nodejs/bin/node', '-e', program])
      return JSON.parse(output)
    }
    await ask('ollama', 'llama3.1:8b')
    await ask('ollama', 'nomic-embed-text', 'embed')
    const generation = at(await ask('ollama', 'llama3.1:8b'), 'container')
    const classification = at(await ask('ollama-router', 'llama3.2:3b'), 'container')
    expect(generation).not.toBe(classification)
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await ask('ollama-router', 'llama3.2:3b')).toMatchObject({ container: classification, load_duration: 0 })
      expect(await ask('ollama', 'llama3.1:8b')).toMatchObject({ container: generation, load_duration: 0 })
      expect(await ask('ollama', 'nomic-embed-text', 'embed')).toMatchObject({ container: generation, load_duration: 0 })
    }
    expect(await ask('ollama-router', 'llama3.1:8b'), 'the router has no such model').toMatchObject({ error: expect.stringContaining('not found') })
    for (const [container, names] of Object.entries(models)) {
      expect((await inside(stack, container, ['ollama', 'ps'])).output.split('\n').slice(1).sort(), container).toEqual(names.map((name) => (name.includes(':') ? name : `${name}:latest`)).sort())
    }
  })

  it('models stay loaded for good, not for five minutes', async () => {
    const { stack } = here()
    for (const container of Object.keys(models)) {
      const answer: unknown = await (await fetch(`http://${await stack.addressOf(container)}:11434/api/ps`)).json()
      expect(answer).toMatchObject({ models: expect.arrayContaining([expect.objectContaining({ expires_at: 'never' })]) })
    }
  })
}
