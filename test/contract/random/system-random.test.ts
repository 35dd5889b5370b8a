import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { randomContract } from './suite.ts'

randomContract('the operating system', createSystemRandom)
