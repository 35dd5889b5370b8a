import { section } from './statement.ts'
import { shownBy as t } from './titles.ts'

/** The settled readings of the seeds' README. */
export const readings = [
  ...section('Readings', 'README', [
    ['the bot asks Traefik, never a color', t.addresses],
    ['cloudflared reaches Traefik\'s :8443', t.byName, t.tunnel],
    ['only 6333 and 11434 on the host', t.hostPorts],
    ['the smallest mount that carries the secret, read-only', t.secretRead],
    ['the bot starts after qdrant, postgres, Traefik and the active skills color', t.startOrder],
    ['the older document\'s tables hold for every service that it lists, and for both colors', t.memory, t.processors, t.readOnly, t.noNewPrivileges],
    ['the new services have limits of the same kind', t.memory, t.processors, t.pids],
    ['Traefik\'s health check asks its own routed skills; bot and cloudflared wait for Traefik', t.startOrder],
    ['the log driver is limited besides', t.logs],
    ['one password from .env for server and clients; no default that works', t.onePassword, t.secretsOutside],
    ['X-API-Secret: HMAC-SHA256 over timestamp, method, path and body, five minutes; /health open', t.signed,
      { elsewhere: 'is t=<seconds>,v1=<HMAC-SHA256 over timestamp, method, path and body>' }, { elsewhere: 'is good up to 300 seconds before and after the service’s clock, and no longer' }],
    ['container_name zetherion-ai-… on every service; network name zetherion-ai-net', t.names, t.network],
    ['a digest only where it was read in a public source that is cited', t.names, { note: 'the source stands beside each digest in the file' }],
    ['CPU and memory reservations are declared', t.reservations, { note: 'declared, not enforceable' }],
  ]),
  ...section('Beyond the seeds', 'README', [
    ['all capabilities dropped', t.capabilities, t.control],
    ['users other than root where the image allows', t.users],
    ['pids limits', t.pids, t.control],
    ['Traefik without the engine\'s socket', t.socket],
    ['the updater runs as the operator, with the group of the engine\'s socket', t.users, t.operatorsFiles, t.rolloutsFiles, t.socket],
    ['Traefik sees its routes only, read-only', t.routesReadOnly],
    ['the bot cannot read the secret or clear a pause', t.botBlind, t.recordAlone, t.undo],
    ['updaterctl doctor finds the stack well, and tells what is not', t.doctor],
    ['the space on the engine\'s disk is seen, by doctor and by the gate before a build, although the updater has no mount of it', t.engineDisk],
    ['an optional override puts a socket proxy with a narrow allow-list between updater and engine', t.proxied, t.proxiedDoctor, t.proxiedRollout, t.proxyRefuses, t.proxyAlone,
      { elsewhere: 'lets nothing be bound but what the stack binds' }, { note: 'the proxy is stood in for; a privileged container it cannot tell from another' }],
    ['a fresh clone starts with blue active and the standby retired', t.standbyRetired],
    ['down and up, engine restart, kill -9 of the engine and a reboot bring back the color that was active, green too', t.downUp, t.engineRestart, t.engineKilled, t.reboot, t.blueToo],
  ]),
]
