import { expect, it } from 'vitest'
import { at } from '../../sandbox/daemon/waiting.ts'
import { inside } from '../harness/inside.ts'
import type { Here, Scene } from './scene.ts'

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
    const generate = (host: Question['host'], model: string): Question => ({ host, model, path: 'generate' })
    const embed: Question = { host: 'ollama', model: 'nomic-embed-text', path: 'embed' }
    const [, , first, other] = await asked(here(), [generate('ollama', 'llama3.1:8b'), embed, generate('ollama', 'llama3.1:8b'), generate('ollama-router', 'llama3.2:3b')])
    const [generation, classification] = [at(first, 'container'), at(other, 'container')]
    expect(generation).not.toBe(classification)
    const turn = [generate('ollama-router', 'llama3.2:3b'), generate('ollama', 'llama3.1:8b'), embed]
    const answers = [{ container: classification, load_duration: 0 }, { container: generation, load_duration: 0 }, { container: generation, load_duration: 0 }]
    expect(await asked(here(), [...turn, ...turn, ...turn])).toMatchObject([...answers, ...answers, ...answers])
    expect(await asked(here(), [generate('ollama-router', 'llama3.1:8b')]), 'the router has no such model').toMatchObject([{ error: expect.stringContaining('not found') }])
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

interface Question {
  readonly host: 'ollama' | 'ollama-router'
  readonly model: string
  readonly path: 'generate' | 'embed'
}

/** The questions of a program beside the skills service, one after the other; the answer to each. */
async function asked({ stack }: Scene, questions: readonly Question[]): Promise<unknown[]> {
  const program = `(async () => {
    for (const { host, model, path } of ${JSON.stringify(questions)}) {
      const answer = await fetch('http://' + host + ':11434/api/' + path, { method: 'POST', body: JSON.stringify({ model, prompt: 'hi', input: 'hi', stream: false }) })
      console.log(JSON.stringify(await answer.json()))
    }
  })()`
  const { output } = await inside(stack, 'zetherion-ai-skills-blue', ['/nodejs/bin/node', '-e', program])
  return output.split('\n').map((line): unknown => JSON.parse(line))
}
