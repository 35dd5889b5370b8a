import type { Mutation } from '../mutation.ts'

const wholeFile = 'src/rollout/whole-file.ts'
const store = 'src/storage/record-store.ts'
const recordFile = 'src/storage/record-file.ts'
const history = 'src/storage/history-store.ts'
const router = 'src/traefik/traefik-router.ts'

/** Files: what a power cut, a full disk and another version leave behind. */
export const storageMutations: readonly Mutation[] = [
  { name: 'a new file is not synced', file: wholeFile, text: '      await file.sync()\n', instead: '' },
  { name: 'the directory is not synced after a rename', file: wholeFile, text: '  await files.syncDirectory(dirname(to))\n', instead: '' },
  { name: 'a file whose sync failed is used', file: wholeFile, text: '      await file.sync()\n', instead: '      await file.sync().catch(() => undefined)\n' },
  { name: 'a file whose sync failed is synced again', file: wholeFile, text: '      await file.sync()\n', instead: '      await file.sync().catch(() => file.sync())\n' },
  {
    name: 'the record is written in place', file: store,
    text: '      await publishFile(files, staged, path)\n', instead: '      await files.remove(path)\n      await stageFile(files, path, bytes, mode)\n',
  },
  { name: 'the previous generation is not kept', file: store, text: '    if (current !== null) await setAside(current, record)\n', instead: '' },
  { name: 'the previous generation is moved away instead of copied', file: store, text: '    const copy = await stage(current)\n', instead: '    const copy = path\n' },
  { name: 'a record that is gone is a first start, though the previous generation is there', file: store, text: '    if ((await files.read(previousPath)) === null) return', instead: '    return' },
  { name: 'a record that is written by an earlier daemon replaces the one of a later', file: store, text: "loaded.record.epoch > record.epoch", instead: 'loaded.record.epoch > record.epoch + 1' },
  { name: 'a record is replaced without the lock', file: store, text: '      authority?.check()\n', instead: '' },
  { name: 'a record of a newer version is replaced', file: store, text: "    if (loaded.kind === 'newer') {", instead: '    if (false) {' },
  { name: 'what a killed write left is never removed', file: store, text: "    if (loaded.kind !== 'newer') await sweep()\n", instead: '' },
  { name: 'the checksum is not checked', file: recordFile, text: 'if (checksum !== checksumOf(summed)) {', instead: 'if (false) {' },
  { name: 'a damaged record is a first start', file: recordFile, text: "  if (typeof content === 'string') return damaged(content)", instead: "  if (typeof content === 'string') return { kind: 'none' }" },
  { name: 'a record of a newer version is read as ours', file: recordFile, text: "schema > recordSchema) return { kind: 'newer', schema }", instead: "schema > recordSchema + 100) return { kind: 'newer', schema }" },
  { name: 'keys of others are not kept', file: recordFile, text: '    ...without(unknownKeys, [...predecessorKeys, ...ownKeys]),\n', instead: '' },
  { name: 'a line of the history is not synced', file: history, text: '      await file.sync()\n', instead: '' },
  { name: 'a new history is not synced in its directory', file: history, text: '    if (isNew) await files.syncDirectory(dirname(path))\n', instead: '' },
  { name: 'a torn last line of the history takes the next one with it', file: history, text: "    if (bytes.at(-1) !== newline) return 'torn'\n", instead: '' },
  { name: 'the history grows without a bound', file: history, text: "known === 'torn' || known >= 2 * limit", instead: "known === 'torn'" },
  {
    name: 'routes are put in force without being whole on the disk', file: router,
    text: '    await stageFile(files, `${staged}${unfinished}`, bytes, mode)\n',
    instead: '    const file = await files.create(`${staged}${unfinished}`, mode)\n    await file.write(bytes)\n    await file.close()\n',
  },
  { name: 'prepared routes are not durable under their name', file: router, text: '    await publishFile(files, `${staged}${unfinished}`, staged)\n', instead: '    await files.rename(`${staged}${unfinished}`, staged)\n' },
  { name: 'a switch is not durable', file: router, text: '    await publishFile(files, stagedPath(generation), routesPath)\n', instead: '    await files.rename(stagedPath(generation), routesPath)\n' },
  { name: 'routes come into force without the lock', file: router, text: '    authority?.check()\n    await publishFile(', instead: '    await publishFile(' },
  { name: 'routes that nobody prepared count as in force', file: router, text: "    if (live.kind !== 'routes' || live.generation !== generation) {\n      throw new UpdaterError('routes_unwritable', `Version ${generation} of the routes is neither", instead: "    if (live.kind !== 'routes') {\n      throw new UpdaterError('routes_unwritable', `Version ${generation} of the routes is neither" },
  { name: 'prepared routes are removed by what had to give way', file: router, text: '      if (signal.aborted) return\n', instead: '' },
  { name: 'routes are written without a stamp', file: 'src/traefik/render.ts', text: '    middlewares: [stampMiddleware, ...middlewares],', instead: '    middlewares: [...middlewares],' },
  { name: 'the number of the record is not in the routes', file: 'src/traefik/render.ts', text: '    `# sequence: ${routes.sequence}`,\n', instead: '' },
]
