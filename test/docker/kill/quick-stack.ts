import type { Override } from '../../../demo/stack/docker-stack.ts'

/** Less than an installation has, so that one story of many kills is told in minutes. */
export const quickLimits = { drain: '300ms', directHealth: '15s', previewHealth: '10s', routedHealth: '15s', singletonHealth: '20s' }

/** Containers that may start as fast as they can, and a Traefik whose address outlives the engine. */
export function quickOverride(hostAddress: string): Override {
  const [first, second] = hostAddress.split('.')
  const quick = { deploy: { resources: { limits: { cpus: '2.0' } } } }
  const health = { interval: '300ms', timeout: '3s', start_period: '10s', retries: 30, test: ['CMD', '/nodejs/bin/node', 'src/healthcheck.js', 'http://127.0.0.1:8081/health'] }
  return {
    services: {
      'zetherion-ai-bot': { ...quick, healthcheck: health },
      ...Object.fromEntries(['skills-blue', 'skills-green', 'api-blue', 'api-green'].map((name) => [`zetherion-ai-${name}`, quick])),
      'zetherion-ai-traefik': { ...quick, healthcheck: { interval: '5s' }, networks: { 'zetherion-ai-net': { ipv4_address: `${first}.${second}.250.250` } } },
    },
    networks: { 'zetherion-ai-net': { ipam: { config: [{ subnet: `${first}.${second}.250.0/24` }] } } },
  }
}
