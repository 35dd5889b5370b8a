import { newer } from './newer.ts'
import { olderServices } from './older-services.ts'
import { olderWhole } from './older-whole.ts'
import { readings } from './readings.ts'
import type { Statement } from './statement.ts'

/** Every statement of the two seeds and of their settled readings, and how it is shown. */
export const statements: readonly Statement[] = [...olderServices, ...olderWhole, ...newer, ...readings]
