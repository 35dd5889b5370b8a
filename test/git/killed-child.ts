import { createGitSource } from '../../src/git/git-source.ts'

// A daemon of its own for killed.test.ts: lays out one release, and is killed by the script that stands in for tar.
const [remote = '', stateDirectory = '', projectDirectory = '', commit = ''] = process.argv.slice(2)
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const source = createGitSource({ remote, stateDirectory, projectDirectory, limit: 20_000, log })
await source.checkout(commit, new AbortController().signal)
