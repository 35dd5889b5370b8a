import type { UpdaterRecord } from '../../../../src/rollout/model.ts'
import type { Authority, RecordStore } from '../../../../src/rollout/ports.ts'
import { createRecordStore } from '../../../../src/storage/record-store.ts'
import { openOperation, operatorHold, recordOf } from '../../../contract/record-store/records.ts'
import { faults } from '../../../simulation/world/effects.ts'
import { seededRandom } from '../../../simulation/world/seeded-random.ts'
import { damageRecord, leaveNewerRecord, leavePredecessorState, places, recordIn, storageChecks } from '../../../simulation/world/state-directory.ts'
import { must, type Check } from '../check.ts'
import { cutAt, emptyShelf, silent, strikeAt, survivals, type Shelf } from '../shelf.ts'

/** The real record store over a disk that loses what was not synced (I6, faults 10 to 17). */
export const recordStorage: readonly Check[] = [
  { name: 'records are written and read again', run: writtenAndRead },
  { name: 'the power goes at every call of files of a write of the record', run: cutEverywhere },
  { name: 'every call of files of a write of the record fails', run: failsEverywhere },
  { name: 'the disk fills up at every place of a write of the record', run: fullEverywhere },
  { name: 'the record is cut short, changed, removed', run: damagedRecords },
  { name: 'the record is of a newer version, of a later daemon, of the predecessor', run: othersRecords },
]

/** Two records lie there; the third is what is written. */
const records: readonly UpdaterRecord[] = [1, 2, 3].map((sequence) => recordOf({
  sequence, epoch: 2, unknownKeys: { rollout_count: 7 }, holds: sequence === 3 ? [operatorHold] : [], operation: sequence === 2 ? openOperation : null,
}))
const previous = `${places.record}.previous`

async function writtenAndRead(): Promise<void> {
  const shelf = await written()
  await storeOn(shelf).write(third())
  checkDurable(shelf, 3)
  const before = recordIn(shelf.disk.readDurable(previous))
  must('the previous generation is kept', before.kind === 'record' && before.record.sequence === 2, `what is kept of the generation before is ${before.kind}`)
  const loaded = await storeOn(shelf).load()
  must('I6', loaded.kind === 'record', `a record that was written is ${loaded.kind}`)
  must('keys of others are kept', loaded.record.unknownKeys['rollout_count'] === 7, 'keys that others wrote are gone')
  must('I6', JSON.stringify(loaded.record.holds) === JSON.stringify(third().holds), 'what is read is not what was written')
  checkLeftovers(shelf)
}

async function cutEverywhere(): Promise<void> {
  for (const survival of survivals) {
    for (let at = 0, cut = true; cut; at += 1) {
      const shelf = await written()
      cut = await cutAt(shelf, at, survival, () => storeOn(shelf).write(third()))
      const loaded = await storeOn(shelf).load()
      must('fault 10', loaded.kind === 'record', `a power cut after call ${at} of files left a record that is ${loaded.kind}`)
      must('fault 10', loaded.record.sequence === 3 || (cut && loaded.record.sequence === 2), `a power cut after call ${at} of files left record ${loaded.record.sequence}`)
      if (cut) checkLeftovers(shelf)
      if (!cut) checkDurable(shelf, 3)
    }
  }
}

async function failsEverywhere(): Promise<void> {
  for (const kind of ['fails', 'takes effect but fails'] as const) {
    for (let at = 0, came = true; came; at += 1) {
      const shelf = await written()
      const store = storeOn(shelf)
      came = false
      const first = shelf.effects.files.length
      const struck = strikeAt(shelf, at, (effect, run) => {
        came = true
        return kind === 'fails' ? faults[kind](effect) : faults[kind](effect, run)
      })
      const accepted = await store.write(third()).then(() => true, () => false)
      struck.over()
      checkSyncs(shelf, first)
      // What could not be read, or removed in the end, may be told as written; nothing else may.
      if (accepted) checkDurable(shelf, 3)
      const [loaded, durable] = [recordIn(shelf.disk.read(places.record)), recordIn(shelf.disk.readDurable(places.record))]
      for (const found of [loaded, durable]) must('fault 12', found.kind === 'record', `after a failure of call ${at} of files the record is ${found.kind}`)
      await store.write({ ...third(), sequence: 4 })
      checkDurable(shelf, 4)
      checkLeftovers(shelf)
    }
  }
}

async function fullEverywhere(): Promise<void> {
  for (let free = 0, full = true; full; free += 211) {
    const shelf = await written()
    shelf.disk.free = free
    full = await storeOn(shelf).write(third()).then(() => false, () => true)
    shelf.disk.free = Number.POSITIVE_INFINITY
    const found = await storeOn(shelf).load()
    must('fault 11', found.kind === 'record' && found.record.sequence === (full ? 2 : 3), `a disk with ${free} bytes left a record that is ${found.kind}`)
  }
}

async function damagedRecords(): Promise<void> {
  const whole = await written()
  const text = Buffer.from(whole.disk.read(places.record) ?? '').toString()
  const sent = text.replace('"activeColor": "blue"', '"activeColor": "green"')
  must('fault 14', sent !== text, 'the record has no color')
  for (const broken of ['', '{', text.slice(0, text.length / 2), text.replace('"failuresInARow": 0', '"failuresInARow": 2'), sent, '[]', '{}', 'null']) {
    const shelf = await written()
    shelf.disk.put(places.record, broken)
    const loaded = await storeOn(shelf).load()
    must('fault 14', loaded.kind === 'damaged', `a record that was damaged is read as ${loaded.kind}`)
    await storeOn(shelf).write(third())
    checkDurable(shelf, 3)
  }
  const shelf = await written()
  shelf.disk.put(places.record, null)
  const loaded = await storeOn(shelf).load()
  must('fault 15', loaded.kind === 'damaged', `a record that was removed, its previous generation not, is ${loaded.kind}`)
  damageRecord(shelf.disk)
  must('fault 14', (await storeOn(shelf).load()).kind === 'damaged', 'a damaged record was believed')
}

async function othersRecords(): Promise<void> {
  const newer = emptyShelf()
  leaveNewerRecord(newer.disk, 2)
  must('fault 16', (await storeOn(newer).load()).kind === 'newer', 'a record of a newer version is read as ours')
  const text = newer.disk.read(places.record)
  must('fault 16', await refused(storeOn(newer).write(third())) && newer.disk.read(places.record) === text, 'a record of a newer version was replaced')

  const later = await written()
  await storeOn(later).write({ ...third(), epoch: 3 })
  must('I5', await refused(storeOn(later).write({ ...third(), sequence: 4 })), 'a daemon that was passed over wrote the record')
  const found = recordIn(later.disk.read(places.record))
  must('I5', found.kind === 'record' && found.record.epoch === 3, 'a daemon that was passed over replaced the record')

  const passedOver = await written()
  const lost = storeOn(passedOver, { check() { throw new Error('another updater took over') } })
  must('I5', await refused(lost.write(third())), 'a daemon that lost its lock wrote the record')
  checkDurable(passedOver, 2)

  const old = emptyShelf()
  leavePredecessorState(old.disk, {
    activeColor: 'green', lastGoodTag: 'v1.0.0', paused: true, pauseReason: 'broke', lastCheckedAt: null, lastAttemptedTag: null,
    lastSuccessAt: null, lastFailureAt: null, resumedAt: null, unknownKeys: { rollout_count: 7 },
  })
  const taken = await storeOn(old).load()
  must('the predecessor\'s file is taken over', taken.kind === 'predecessor' && taken.state.paused && taken.state.unknownKeys['rollout_count'] === 7, `the predecessor's file is ${taken.kind}`)
}

async function written(): Promise<Shelf> {
  const shelf = emptyShelf()
  const store = storeOn(shelf)
  for (const record of records.slice(0, 2)) await store.write(record)
  return shelf
}



function storeOn(shelf: Shelf, authority: Authority = { check: () => undefined }): RecordStore {

  return createRecordStore({ path: places.record, files: shelf.files(), random: seededRandom(shelf.effects.files.length), log: silent, checks: storageChecks, authority })
}

function third(): UpdaterRecord {
  const [, , record] = records
  if (record === undefined) throw new Error('there are three records')
  return record
}

async function refused(write: Promise<void>): Promise<boolean> {
  return write.then(() => false, () => true)
}

/** What was acknowledged outlives a power cut. */
function checkDurable({ disk }: Shelf, sequence: number): void {
  const found = recordIn(disk.readDurable(places.record))
  must('I6', found.kind === 'record' && found.record.sequence === sequence, `record ${sequence} was acknowledged; after a power cut there is ${found.kind === 'record' ? found.record.sequence : found.kind}`)
}

/** A file whose sync failed is never synced again. */
function checkSyncs({ effects }: Shelf, first: number): void {
  const synced = effects.files.slice(first).flatMap(({ name, path }) => (name === 'files.sync' ? [path] : []))
  must('fault 12', new Set(synced).size === synced.length, 'a file was synced a second time')
}

function checkLeftovers({ disk }: Shelf): void {
  const left = disk.list('/state').filter((name) => name.includes('.tmp-'))
  must('I9', left.length === 0, `${left.length} temporary files are left`)
}
