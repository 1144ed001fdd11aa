// SPDX-License-Identifier: Apache-2.0
// What the API says of a resource, in words; a server may say more or less than this one knows.
import type { Resource } from '../api/contract';
import type { Tone } from '../ui/state';

export type Drift = { tone: Tone; label: string; details: string[] };

function texts(value: unknown): string[] {
  if (value === null || value === undefined || value === false) return [];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === 'object') {
    const object = value as Record<string, unknown>;
    for (const name of ['message', 'description', 'detail', 'details', 'differences', 'findings']) {
      if (name in object) return texts(object[name]);
    }
    return Object.entries(object).map(([name, member]) => `${name}: ${typeof member === 'object' ? JSON.stringify(member) : String(member)}`);
  }
  return [String(value)];
}

/** Null when nothing has looked for drift yet. */
export function driftOf(resource: Resource): Drift | null {
  const { drift, lastVerifiedAt } = resource;
  const details = texts(drift).filter((text) => !/^(none|no|ok|in[ -]?sync)$/i.test(text));
  if (details.length > 0) {
    const gone = details.some((text) => /^(missing|deleted|gone)\b/i.test(text));
    return { tone: gone ? 'bad' : 'warn', label: gone ? 'missing' : 'changed by hand', details };
  }
  if (lastVerifiedAt) return { tone: 'good', label: 'as made', details: [] };
  return null;
}

export type Endpoint = { name: string; address: string };

export function endpointsOf(resource: Resource): Endpoint[] {
  return (resource.endpoints ?? []).flatMap((endpoint): Endpoint[] => {
    if (typeof endpoint === 'string') return [{ name: '', address: endpoint }];
    if (typeof endpoint !== 'object' || endpoint === null) return [];
    const { name = '', url, address, host, uri } = endpoint as Record<string, unknown>;
    const text = [url, address, uri, host].find((value) => typeof value === 'string');
    return text === undefined ? [] : [{ name: String(name), address: text as string }];
  });
}

/** Only links that lead to a web page are followed. */
export function isWebLink(address: string | null): address is string {
  return address !== null && /^https:\/\//i.test(address);
}

export function estimateOf(resource: Resource): string | null {
  const estimate = resource.monthlyEstimate;
  if (typeof estimate === 'number') return `${estimate.toFixed(2)} a month`;
  if (typeof estimate === 'object' && estimate !== null) {
    const { amount, currency } = estimate as Record<string, unknown>;
    if (typeof amount === 'number') return `${amount.toFixed(2)} ${String(currency ?? '')} a month`.replace('  ', ' ');
  }
  return typeof estimate === 'string' && estimate !== '' ? estimate : null;
}
