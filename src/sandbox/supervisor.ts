import { containerPaths, readLaunch } from './containers/container-files.ts'
import { type ProcessIdentity, findProcesses, identifyProcess } from './process-identity.ts'
import { superviseService } from './supervisor/supervise-service.ts'

/*
 * The program beside each sandbox container: runs the service's command, keeps its exit code, starts it again as its
 * restart policy says. It is a session of its own with files as its stdio, so it outlives the daemon.
 * Usage: node supervisor <container directory>
 */
async function main(): Promise<void> {
  const directory = process.argv[2]
  if (directory === undefined) throw new Error('usage: supervisor <container directory>')
  const self = await identifyProcess(process.pid)
  if (self === null) throw new Error('this process cannot be identified')
  const paths = containerPaths(directory)
  const launch = await readLaunch(paths)
  if (await runsAlready(launch.nonce, self)) console.error('this container runs already: leaving')
  else await superviseService(paths, launch, self)
}

/** Of two supervisors of one container the later one leaves; an orphan of a killed one also means that the service runs. */
async function runsAlready(nonce: string, self: ProcessIdentity): Promise<boolean> {
  const others = (await findProcesses((found) => found === nonce)).filter(({ pid }) => pid !== self.pid)
  return others.some((other) => Number(other.startTime) < Number(self.startTime) || (other.startTime === self.startTime && other.pid < self.pid))
}

main().catch((error: unknown) => {
  console.error('the supervisor failed', error)
  process.exitCode = 1
})
