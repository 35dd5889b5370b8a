import { createGitSource } from '../../src/git/git-source.ts'

// A daemon of its own: lays out one release, or brings the tree to it, and is killed by a script that stands in for tar or git.
const [remote = '', stateDirectory = '', projectDirectory = '', commit = '', doing = 'checkout'] = process.argv.slice(2)
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const source = createGitSource({ remote, stateDirectory, projectDirectory, limit: 20_000, log })
const { signal } = new AbortController()
await (doing === 'bringTree' ? source.bringTree(commit, signal) : source.checkout(commit, signal))
