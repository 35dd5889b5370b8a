import type { Color } from '../../src/rollout/topology.ts'
import { textOf } from './world/routes-text.ts'
import type { World } from './world/world.ts'

/** Makes a color's containers ill, or well again. */
export function sicken(world: World, color: Color, ill = true): void {
  for (const instance of world.stack.instancesOf(color)) if (instance !== undefined) instance.ill = ill
}

/** Stops a color's containers as `docker stop` does. */
export async function halt(world: World, color: Color): Promise<void> {
  for (const instance of world.stack.instancesOf(color)) if (instance !== undefined) await world.drive(world.stack.engine.end(instance))
  for (const instance of world.stack.instancesOf(color)) if (instance !== undefined) await world.until('the exit', () => instance.state === 'exited')
}

/** Routes a color as an operator with an editor would. */
export function routeByHand(world: World, color: Color): void {
  const read = world.stack.traefik.says
  world.stack.routedByHandAt = world.time.now
  world.stack.traefik.replaced(textOf({ active: color, generation: read?.generation ?? 'by-hand', sequence: read?.sequence ?? 0, topology: world.stack.topology }))
}

/** States of a color's containers. */
export function states(world: World, color: Color): (string | undefined)[] {
  return world.stack.instancesOf(color).map((instance) => instance?.state)
}
