import { testPairs } from './pairs-test.ts'

testPairs('applying')
