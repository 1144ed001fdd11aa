// SPDX-License-Identifier: Apache-2.0
// Values as people read them.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function duration(ms: number): string {
  const time = Math.max(0, ms);
  if (time < 10 * SECOND) return `${(time / SECOND).toFixed(1)} s`;
  if (time < MINUTE) return `${Math.floor(time / SECOND)} s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)} min ${Math.floor((time % MINUTE) / SECOND)} s`;
  return `${Math.floor(time / HOUR)} h ${Math.floor((time % HOUR) / MINUTE)} min`;
}

function span(ms: number): string {
  const plural = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (ms < HOUR) return `${Math.max(1, Math.floor(ms / MINUTE))} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  if (ms < 2 * YEAR) return plural(Math.floor(ms / DAY), 'day');
  return plural(Math.floor(ms / YEAR), 'year');
}

export function ago(at: number, now: number): string {
  if (now - at < MINUTE) return 'just now';
  return `${span(now - at)} ago`;
}

/** "in 23 days", or "3 days ago" when it is over. */
export function until(at: number, now: number): string {
  return at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`;
}

export function fullTime(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

export function day(at: string): string {
  return new Date(at).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** The common name of a distinguished name, else the whole. */
export function commonName(subject: string): string {
  return /(?:^|[,/]\s*)CN\s*=\s*((?:\\.|[^,/])+)/i.exec(subject)?.[1]?.trim() ?? subject;
}

const TYPES: Record<string, string> = {
  'microsoft.resources/resourcegroups': 'Resource group',
  'microsoft.devices/iothubs': 'IoT Hub',
  'microsoft.devices/provisioningservices': 'Device Provisioning Service',
  'microsoft.devices/provisioningservices/certificates': 'CA certificate in DPS',
  'microsoft.storage/storageaccounts': 'Storage account',
  'microsoft.storage/storageaccounts/blobservices/containers': 'Blob container',
  'microsoft.containerregistry/registries': 'Container registry',
  'microsoft.eventhub/namespaces': 'Event Hubs namespace',
  'microsoft.eventhub/namespaces/eventhubs': 'Event hub',
  'microsoft.eventhub/namespaces/eventhubs/authorizationrules': 'Event hub policy',
  'microsoft.eventhub/namespaces/eventhubs/consumergroups': 'Consumer group',
  'microsoft.devices/iothubs/eventhubendpoints/consumergroups': 'Consumer group',
  'microsoft.authorization/roleassignments': 'Role assignment',
};

/** Azure's resource type in the words of its portal. */
export function resourceKind(type: string): string {
  const known = TYPES[type.toLowerCase()];
  if (known) return known;
  const last = type.split('/').at(-1) ?? type;
  return last.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/^./, (letter) => letter.toUpperCase());
}

/** "workspace.create" as "Create workspace". */
export function operationTitle(kind: string): string {
  const [noun = kind, verb = ''] = kind.split('.');
  const words = `${verb} ${noun}`.trim().replace(/[-_]/g, ' ');
  return words.replace(/^./, (letter) => letter.toUpperCase());
}
