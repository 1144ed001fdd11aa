// SPDX-License-Identifier: Apache-2.0
// How a node is, said honestly: what it is, since when, and what is to do.
import type { Module, Node } from '../api/schema';
import type { Tone } from '../ui/state';

export type NodeStatus = { tone: Tone; label: string; since: string | null; sinceMeans: string; why: string; next: string };

export function isHealthy(module: Module): boolean {
  return module.runtimeStatus === 'running' || (module.status === 'stopped' && module.runtimeStatus === 'stopped');
}

function moduleProblem(module: Module): string {
  switch (module.runtimeStatus) {
    case 'backoff': return `${module.name} crashes again and again (exit code ${module.exitCode}, ${module.restartCount} restarts)`;
    case 'failed':
    case 'stopped': return `${module.name} ended with exit code ${module.exitCode}`;
    case 'unhealthy': return `${module.name} says that it is not healthy`;
    case 'unknown':
    case '': return `${module.name} has not been started yet`;
    default: return `${module.name} is ${module.runtimeStatus}`;
  }
}

export function nodeStatus(node: Node): NodeStatus {
  if (node.health === 'not-registered') {
    return { tone: 'idle', label: 'Not registered', since: node.createdAt, sinceMeans: 'Created', why: 'The device has not used its one-time token yet.', next: 'Run the registration command on the device; a lost token is replaced by ferry node token.' };
  }
  if (node.health === 'offline') {
    return { tone: 'warn', label: 'Offline', since: node.lastReportedAt, sinceMeans: 'Last report', why: node.lastReportedAt ? 'It is not connected to the IoT Hub; what follows is what it said last.' : 'It has registered, but has never reported.', next: 'See that the device has power, a network and the time; it goes on by itself.' };
  }
  if (node.health === 'refused') {
    const refusal = node.desiredStatus;
    return { tone: 'bad', label: 'Refused', since: node.lastReportedAt, sinceMeans: 'Last report', why: `It did not take its composition: ${refusal?.description || `code ${refusal?.code}`}.`, next: 'Correct the deployment; the node keeps what it ran before.' };
  }
  if (node.health === 'failing' || node.health === 'changing') {
    const unhealthy = node.modules.filter((module) => !isHealthy(module));
    const bad = node.health === 'failing';
    return { tone: bad ? 'bad' : 'busy', label: bad ? 'Failing' : 'Changing', since: node.lastReportedAt, sinceMeans: 'Last report', why: `${unhealthy.map(moduleProblem).join('; ')}.`, next: bad ? `ferry logs ${node.name} ${unhealthy[0]?.name ?? ''}`.trim() : '' };
  }
  return { tone: 'good', label: 'Online', since: node.lastReportedAt, sinceMeans: 'Last report', why: node.modules.length === 0 ? 'Nothing is deployed to it.' : 'Everything that it is to run runs.', next: '' };
}

export function modulesInWords(modules: Module[]): string {
  if (modules.length === 0) return '–';
  return `${modules.filter(isHealthy).length} of ${modules.length} run`;
}
