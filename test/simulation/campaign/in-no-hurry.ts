import { constants, setPriority } from 'node:os'

// Beside the campaigns run tests of real programs, with limits of their own: those go first.
setPriority(constants.priority.PRIORITY_LOW)
