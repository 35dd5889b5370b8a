/*
 * Loaded into the real daemon before its first line (node --require): its wall clock goes a day ahead for as long as a file is
 * there, as a clock does that somebody sets, and goes back when the file is gone. What measures time by it would be a day late.
 */
const { existsSync } = require('node:fs')

const now = Date.now
const ahead = process.env['ZETHERION_TEST_CLOCK_AHEAD'] ?? ''
const day = 86_400_000

Date.now = () => now() + (existsSync(ahead) ? day : 0)
