import { section } from './statement.ts'
import { shownBy as t } from './titles.ts'

/** 2-blue-green.md. */
export const newer = [
  ...section('Topology', '2', [
    ['bot (single), skills and api in both colors, Traefik, updater, cloudflared, postgres, qdrant, ollama, ollama-router', t.names, t.allHealthy],
    ['on zetherion-ai-net', t.network],
  ]),
  ...section('Traffic', '2', [
    ['bot → skills by http://zetherion-ai-traefik:8080', t.addresses, t.byName],
    ['skills routed to blue or green by the routes file', t.standbyRetired, t.rollout],
    ['api routed by the same file, entry point :8443', t.rollout],
    ['cloudflared depends on Traefik and the api\'s availability', t.startOrder, t.tunnel],
    ['the tunnel\'s routing is managed at Cloudflare', { note: 'nothing here to show: the stack holds its token only' }],
  ]),
  ...section('Updates', '2', [
    ['updates from release tags, built from source', t.rollout],
    ['1 fetch and checkout of the tag', t.rollout],
    ['2 the inactive color and the bot\'s image are built', t.rollout],
    ['3 the inactive color is started and its health verified directly', t.rollout],
    ['4 the routes file is flipped', t.rollout],
    ['5 routed health through Traefik', t.rollout],
    ['6 the bot is restarted, gracefully', t.rollout, t.oneBot],
    ['7 the old color is stopped', t.rollout],
    ['on failure: back to the previous release, routes included', t.undo],
    ['on failure: paused until unpause', t.undo],
    ['state is kept in /app/data/updater-state.json', t.operatorsFiles, t.downUp, t.engineRestart, t.engineKilled, t.reboot],
  ]),
  ...section('Controls', '2', [
    ['AUTO_UPDATE_PAUSE_ON_FAILURE', t.undo, { elsewhere: 'tells every variable of the settings and of the compose files, with its real default and what it means, and no other' }],
    ['UPDATER_SECRET_PATH: secret shared by skills and updater', t.secretRead, t.rollout],
    ['UPDATER_STATE_PATH: active color and pause state', t.operatorsFiles, t.recordAlone],
    ['UPDATER_TRAEFIK_DYNAMIC_PATH: the route file', t.routesReadOnly, t.rollout],
  ]),
  ...section('External ports', '2', [
    ['none for bot, skills, api, Traefik, updater, cloudflared, postgres and ollama-router', t.hostPorts],
    ['qdrant 6333, ollama 11434', t.hostPorts],
  ]),
  ...section('Notes', '2', [
    ['the bot is a single instance', t.oneBot, t.undo],
    ['no downtime of skills and api at a switch', t.rollout, t.undo],
    ['default routes are committed at config/traefik/dynamic/updater-routes.yml', t.standbyRetired],
  ]),
]
