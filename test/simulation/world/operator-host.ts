import { engineTimes, isUp } from './engine.ts'
import type { Stack } from './stack.ts'

/** How long the engine is away. */
const away = 3_000

/**
 * `kill -9` of the engine, and its next start: until then containers run on and nobody can ask for anything; then they are
 * killed, `unless-stopped` ones stay down and `always` ones come back (Traefik and the updater among them).
 * @param updaterEnds called when the updater's own container is killed
 */
export async function killEngine(stack: Stack, updaterEnds: () => void): Promise<void> {
  stack.engine.die('connect ECONNREFUSED')
  await stack.time.pause(away)
  updaterEnds()
  stack.engine.comeBack('its death')
  await restartTraefik(stack)
}

/** `systemctl restart docker`: every container is asked to end, and comes back unless it was stopped on demand before. */
export async function restartEngine(stack: Stack, updaterEnds: () => void): Promise<void> {
  updaterEnds()
  stack.traefik.down = true
  await stack.time.pause(engineTimes.exit)
  goDown(stack, 0)
  await stack.time.pause(away)
  stack.engine.comeBack('the host went down')
  await restartTraefik(stack)
}

/** The host goes down at once and comes up again. */
export async function reboot(stack: Stack, updaterEnds: () => void): Promise<void> {
  updaterEnds()
  stack.traefik.down = true
  goDown(stack, 137)
  await stack.time.pause(away)
  stack.engine.comeBack('the host went down')
  await restartTraefik(stack)
}

function goDown({ engine }: Stack, code: number): void {
  engine.die('connect ENOENT')
  for (const instance of engine.instances.filter(isUp)) engine.exit(instance, code)
}

async function restartTraefik({ time, traefik }: Stack): Promise<void> {
  traefik.down = true
  await time.pause(engineTimes.start)
  traefik.down = false
  traefik.readNow()
}
