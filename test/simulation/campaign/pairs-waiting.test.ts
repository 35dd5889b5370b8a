import { testPairs } from './pairs-test.ts'

testPairs('waiting')
