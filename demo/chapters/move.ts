import { awaySince } from '../bot.ts'
import { seconds } from '../printing/screen.ts'
import { servesNow } from '../serving.ts'
import type { Answer } from '../stack/client.ts'
import type { Stage } from '../stage.ts'
import { runningServices, servicesOn, shortly, statusOf } from './answers.ts'
import { carriedOut } from './carried-out.ts'

/** Something asked of the updater through the skills service, that is to end with this release serving. */
export interface Move {
  /** Column's head in the closing. */
  readonly title: string
  readonly tag: string
  readonly ask: () => Promise<Answer>
}

/** Moves the traffic to a release, and expects that all of it came along: traffic, bot, old color, record. */
export async function moveTo(stage: Stage, { title, tag, ask }: Move): Promise<void> {
  const { stack, load, expectations: { expect } } = stage
  const asked = Date.now()
  const { answer, operation } = await carriedOut(stage, ask)
  const took = seconds((operation.ended ?? asked) - asked)
  expect(answer.status === 200 && answer.body['status'] === 'success', `answered 200 “success” at the commit point, after ${took}`, `${answer.status} ${shortly(answer.body['error'])}`)

  const { active_color: color, last_good_tag: good, paused } = await statusOf(stage)
  const now = servesNow(load.served)
  const services = await runningServices(stage)
  expect(now['skills'] === tag && now['api'] === tag, `${tag} answers on skills and api, from ${String(color)}`, now)
  expect(String(services) === String(servicesOn(color)), `the other color is gone; what runs: ${services.join(', ')}`, services)
  expect(good === tag && paused === false, `${tag} is the last good release, and nothing is paused`, { good, paused })

  const gateway = await stack.gateway()
  const botAway = awaySince(gateway, operation.opened)
  expect(gateway.open === 1 && gateway.overlaps === 0, `one bot, never two; it was away for ${seconds(botAway)}`, { open: gateway.open, overlaps: gateway.overlaps })
  stage.told.push({ title, result: String(answer.body['status']), operation, botAway })
}
