import { testPairs } from './pairs-test.ts'

testPairs('undoing')
