import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../reference-app/src/gateway.js'
import { eventually, spawnProgram, startProgram, temporaryDirectory, type Program } from './program.ts'

async function openGateway(port = 0) {
  const gateway = await startGateway({ port })
  onTestFinished(gateway.close)
  return gateway
}

async function startBot(gatewayUrl: string, skillsUrl: string, env: NodeJS.ProcessEnv = {}) {
  const logs = await temporaryDirectory()
  const bot = await startProgram('bot', {
    GATEWAY_URL: gatewayUrl, SKILLS_SERVICE_URL: skillsUrl, LOG_DIR: logs, BOT_CALL_INTERVAL_MS: '20', ...env,
  })
  return { bot, logs }
}

const health = async (bot: Program) => (await fetch(`${bot.url}/health`)).status

test('the bot gets healthy with one session, calls skills, and leaves the gateway cleanly on SIGTERM', async () => {
  const gateway = await openGateway()
  const skills = await startProgram('skills')
  const { bot, logs } = await startBot(gateway.url, skills.url)
  await eventually(async () => (await health(bot)) === 200)
  await eventually(() => bot.log.filter((line) => line.message === 'skills answered').length > 2)
  expect(gateway.report()).toMatchObject({ open: 1, opened: 1, overlaps: 0 })

  bot.kill('SIGTERM')
  expect(await bot.exit).toBe(0)
  expect(gateway.report()).toMatchObject({ open: 0, opened: 1, sessions: [{ how: 'close', release: { version: '1.0.0' } }] })
  const lines = (await readFile(join(logs, 'bot.log'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line))
  expect(lines.find((line) => line.message === 'skills answered')).toMatchObject({ service: 'bot', level: 'info' })
  expect(lines.at(-1).message).toBe('the gateway session is closed')
})

test('the bot is unhealthy until skills has answered', async () => {
  const gateway = await openGateway()
  const { bot } = await startBot(gateway.url, 'http://127.0.0.1:1')
  await eventually(() => gateway.report().open === 1)
  await eventually(() => bot.log.some((line) => line.message === 'skills cannot be reached'))
  expect(await health(bot)).toBe(503)
})

test('the bot is unhealthy while its gateway is gone, and comes back by itself with one session', async () => {
  const gateway = await openGateway()
  const skills = await startProgram('skills')
  const { bot } = await startBot(gateway.url, skills.url)
  await eventually(async () => (await health(bot)) === 200)
  await gateway.close()
  await eventually(async () => (await health(bot)) === 503)
  const again = await openGateway(gateway.port)
  await eventually(async () => (await health(bot)) === 200)
  expect(again.report()).toMatchObject({ open: 1, opened: 1, overlaps: 0 })
})

test('a second bot beside the first is what the gateway calls an overlap', async () => {
  const gateway = await openGateway()
  const skills = await startProgram('skills')
  await startBot(gateway.url, skills.url)
  await startBot(gateway.url, skills.url)
  await eventually(() => gateway.report().open === 2)
  expect(gateway.report().overlaps).toBe(1)
})

test('SIGTERM ends a bot that never reached its gateway', async () => {
  const { bot } = await startBot('tcp://127.0.0.1:1', 'http://127.0.0.1:1')
  await eventually(() => bot.log.some((line) => line.message === 'the gateway connection failed'))
  bot.kill('SIGTERM')
  expect(await bot.exit).toBe(0)
})

test('a running bot rotates its log by size and keeps only as many files as it is told', async () => {
  const gateway = await openGateway()
  const skills = await startProgram('skills')
  const { bot, logs } = await startBot(gateway.url, skills.url, { LOG_MAX_BYTES: '1024', LOG_FILES: '3', BOT_CALL_INTERVAL_MS: '10' })
  await eventually(async () => (await readdir(logs)).includes('bot.log.2'))
  const calls = bot.log.length
  // Thirty lines of some 100 bytes each: two more rotations, with which the oldest file must go.
  await eventually(() => bot.log.length > calls + 30)
  bot.kill('SIGTERM')
  await bot.exit
  expect((await readdir(logs)).toSorted()).toEqual(['bot.log', 'bot.log.1', 'bot.log.2'])
})

test('a log directory that cannot be written is told once and does not harm the bot', async () => {
  const gateway = await openGateway()
  const skills = await startProgram('skills')
  const { bot } = await startBot(gateway.url, skills.url, { LOG_DIR: '/dev/null/logs' })
  await eventually(async () => (await health(bot)) === 200)
  expect(bot.log.filter((line) => line.message === 'the log file cannot be written')).toHaveLength(1)
})

test.each([
  ['GATEWAY_URL', undefined, 'GATEWAY_URL must be set'],
  ['GATEWAY_URL', 'nowhere', 'GATEWAY_URL must be a URL, but is "nowhere"'],
  ['LOG_FILES', '0', 'LOG_FILES must be a whole number from 1 to 100, but is "0"'],
])('the bot does not start with %s=%s, and says so', async (name, value, sentence) => {
  const bot = spawnProgram('bot', { GATEWAY_URL: 'tcp://127.0.0.1:1', LOG_DIR: await temporaryDirectory(), [name]: value })
  expect(await bot.exit).toBe(1)
  expect(bot.log.at(-1)).toMatchObject({ message: 'ended', error: sentence })
})
