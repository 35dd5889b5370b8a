import { randomUUID } from 'node:crypto'

/**
 * @typedef {object} Session
 * @property {string} session
 * @property {string} instance who identified
 * @property {unknown} release
 * @property {string} opened_at ISO 8601
 * @property {string | null} closed_at
 * @property {'close' | 'disconnect' | null} how it ended: asked for by the bot, or lost
 * @property {boolean} overlapped another session was open when this one opened
 *
 * @typedef {{ from: string, to: string, ms: number }} Away a time with no session at all, between two sessions
 *
 * @typedef {object} SessionReport
 * @property {number} open sessions open now; more than 1 must never be
 * @property {number} opened sessions opened so far
 * @property {number} overlaps how many of them opened while another was open
 * @property {Away[]} away
 * @property {string | null} away_since since when no session is open, once there was one
 * @property {Session[]} sessions oldest first
 */

/**
 * Keeps account of the sessions of a gateway. Times are told by the wall clock and measured by the monotonic one.
 */
export function createSessionBook() {
  /** @type {Session[]} */
  const sessions = []
  /** @type {Away[]} */
  const away = []
  /** @type {{ from: string, start: number } | null} */
  let absence = null

  const countOpen = () => sessions.filter((session) => session.closed_at === null).length

  /** @param {{ instance: string, release: unknown }} identity */
  const open = ({ instance, release }) => {
    const now = new Date().toISOString()
    if (absence !== null) away.push({ from: absence.from, to: now, ms: Math.round(performance.now() - absence.start) })
    absence = null
    /** @type {Session} */
    const session = {
      session: randomUUID(), instance, release, opened_at: now, closed_at: null, how: null, overlapped: countOpen() > 0,
    }
    sessions.push(session)
    return session
  }
  /**
   * @param {Session} session
   * @param {'close' | 'disconnect'} how
   */
  const close = (session, how) => {
    if (session.closed_at !== null) return
    const now = new Date().toISOString()
    session.closed_at = now
    session.how = how
    if (countOpen() === 0) absence = { from: now, start: performance.now() }
  }
  /** @returns {SessionReport} */
  const report = () => ({
    open: countOpen(),
    opened: sessions.length,
    overlaps: sessions.filter((session) => session.overlapped).length,
    away: [...away],
    away_since: absence?.from ?? null,
    sessions: sessions.map((session) => ({ ...session })),
  })
  return { open, close, report }
}
