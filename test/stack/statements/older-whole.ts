import { section } from './statement.ts'
import { shownBy as t } from './titles.ts'

/** 1-stack.md, from "Network Architecture" on. */
export const olderWhole = [
  ...section('Network', '1', [
    ['all services on one bridge network', t.network],
    ['only qdrant 6333 and ollama 11434 on the host', t.hostPorts],
    ['services find each other by name', t.byName],
    ['PostgreSQL, skills and ollama-router entirely internal', t.hostPorts],
  ]),
  ...section('Volumes', '1', [
    ['four named volumes, which outlive containers and image updates', t.volumes, t.downUp, t.reboot],
    ['./data and ./logs are directories of the host', t.botWrites, t.downWithVolumes],
  ]),
  ...section('Hardening', '1', [
    ['no shell and no package manager in application images', t.noShell],
    ['minimal file system: runtime and application code only', t.noShell, { note: 'Node instead of Python, as the reference app is' }],
    ['read-only root: nothing persistent can be written, no application code changed', t.readOnly, t.control],
    ['writable only through tmpfs at /tmp and /home/nonroot/.cache', t.readOnly, t.tmpfs],
    ['no-new-privileges on every container', t.noNewPrivileges, t.control],
    ['CPU and memory limits on every container, under deploy.resources', t.memory, t.processors],
    ['no container can exhaust the host', t.memory, t.pids, t.processors],
  ]),
  ...section('Health checks', '1', [
    ['all services define health checks', t.allHealthy, t.checked],
    ['bot and skills: HEALTHCHECK of their Dockerfile', t.allHealthy, t.illTold],
    ['qdrant, postgres, ollama, ollama-router: the timings of the table', t.timings],
  ]),
  ...section('Start order', '1', [
    ['qdrant and postgres first', t.startOrder],
    ['skills after both are healthy', t.startOrder],
    ['the bot after qdrant, postgres and skills are healthy', t.startOrder],
    ['ollama and ollama-router independently', t.ollamaAlone],
  ]),
  ...section('Dual Ollama', '1', [
    ['the router keeps llama3.2:3b loaded at all times', t.loaded, t.forGood],
    ['generation keeps llama3.1:8b and nomic-embed-text loaded', t.loaded, t.forGood],
    ['no request swaps models', t.loaded],
    ['each container its own model cache', t.volumes, t.pulled],
    ['classification in under 500 ms on a CPU', { note: 'declared, not shown: the stand-in answers without a model' }],
  ]),
  ...section('GPU', '1', [
    ['optional: devices of the ollama service, driver nvidia, count all, capability gpu', t.gpu, { note: 'declared; this machine has no GPU, so the engine was not asked for one' }],
    ['requires an NVIDIA GPU, the NVIDIA Container Toolkit and its runtime on the host', { note: 'of the host; nothing here to show' }],
    ['not required: everything runs on CPUs', t.allHealthy],
  ]),
  ...section('Managing', '1', [
    ['docker compose up -d starts all services', t.startOrder, t.allHealthy],
    ['docker compose down stops and removes all, volumes stay', t.downUp],
    ['docker compose down -v removes the volumes too (destroys data)', t.downWithVolumes],
    ['docker compose restart zetherion-ai-bot restarts a single service', t.restart],
    ['docker compose up -d --build rebuilds', t.startOrder],
    ['docker compose logs -f zetherion-ai-bot, and logs -f of all', t.restart, t.everyLog],
    ['docker stats: resource usage of all containers', t.stats],
    ['docker compose ps: health of all services', t.ps],
    ['models are pulled and listed by docker exec … ollama pull / list', t.pulled],
  ]),
]
