import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from '../../demo/stack/project.ts'
import { demo, limit, unmet } from './run-demo.ts'

describe('npm run demo', () => {
  it('tells the whole story on plain processes, with every expectation held, no request failed and never two bots', { timeout: limit }, async () => {
    const { code, stdout, stderr } = await demo()

    expect(unmet(stdout), stdout).toEqual([])
    expect(stdout).toMatch(/✓ All \d+ expectations held\. [\d,]+ requests sent, 0 failed\./)
    expect(stdout).toContain('never two bots: 0 overlaps')
    expect(stdout).toContain('a further apply (v1.6.0) is answered by 423')
    expect(stdout).toMatch(/^ {2}result +success +failed +failed +rolled_back +failed +success +success$/m)
    expect(stdout).toMatch(/^ {2}drain +1s +10s$/m)
    expect(stdout, 'colors only on a terminal').not.toContain('\u001B')
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('refuses a flag that it does not know', async () => {
    const { code, stderr } = await demo('--fast')

    expect(stderr).toContain("Unknown option '--fast'")
    expect(code).toBe(64)
  })

  it('says plainly that no engine can be had', async () => {
    const { code, stderr } = await demo('--docker', { DOCKER_HOST: 'unix:///nowhere/docker.sock' })

    expect(stderr).toMatch(/^No Docker engine with Compose can be had at unix:\/\/\/nowhere\/docker\.sock: /)
    expect(code).toBe(2)
  })

  it('ends nothing where no demo was kept', async () => {
    const { code, stderr } = await demo('--end', join(repository, 'demo'))

    expect(stderr).toContain('has no kept.json')
    expect(code).toBe(1)
  })
})
