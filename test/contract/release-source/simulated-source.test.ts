import { createHash } from 'node:crypto'
import { SimulatedSource } from '../../simulation/world/source.ts'
import { nothingAtAll } from '../../simulation/world/topologies.ts'
import { startSimulatedStack } from '../simulated-world.ts'
import { releaseSourceContract } from './suite.ts'

releaseSourceContract('the simulated git', async () => {
  const { stack, life, close } = startSimulatedStack(nothingAtAll)
  const { git } = stack
  return {
    open: () => new SimulatedSource(stack, life),
    publish: async (tag, files) => {
      const commit = createHash('sha1').update(JSON.stringify([tag, files])).digest('hex')
      git.publish(tag, commit, files)
      return commit
    },
    moveTag: async (tag, commit) => {
      git.remoteTags.set(tag, commit)
    },
    removeTag: async (tag) => {
      git.remoteTags.delete(tag)
    },
    remoteDown: async () => {
      git.remoteFault = 'Could not resolve host'
    },
    remoteUp: async () => {
      git.remoteFault = null
    },
    laidOut: async () => [...git.checkouts, ...git.halfCheckouts],
    releaseFiles: async (commit) => {
      if (!git.checkouts.has(commit)) throw new Error(`${commit} is not laid out`)
      return git.filesOf(commit)
    },
    leaveHalfACheckout: async () => {
      git.halfCheckouts.add('.new-killed').add('.old-killed')
    },
    cloneTree: async (tag) => {
      const commit = git.remoteTags.get(tag)
      if (commit === undefined) throw new Error(`there is no tag ${tag}`)
      git.clone(commit)
    },
    makeTreeForeign: async (files) => git.makeForeign('it is no clone of the repository', files),
    readTree: async (path) => git.read(path),
    writeTree: async (path, content) => git.edit(path, content),
    dispose: async () => close(),
  }
})
