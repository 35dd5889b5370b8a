import { makeGitWorld } from '../../git/git-world.ts'
import { releaseSourceContract } from './suite.ts'

releaseSourceContract('git over local paths', makeGitWorld)
