// SPDX-License-Identifier: Apache-2.0
// What the API says of a resource, in words; a server may say more or less than this one knows.
import type { Resource } from '../api/contract';
import type { Tone } from '../ui/state';

export type Drift = { tone: Tone; label: string; details: string[] };

/** Null when nothing has looked for drift yet. */
export function driftOf(resource: Resource): Drift | null {
  const { drift, lastVerifiedAt } = resource;
  const found = Array.isArray(drift) ? drift : [];
  if (found.length > 0) {
    // Something inside a resource may be gone while it is there itself.
    const gone = found.some(({ kind, property }) => kind === 'missing' && !property);
    return { tone: gone ? 'bad' : 'warn', label: gone ? 'missing' : 'changed by hand', details: found.map(({ message }) => message) };
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
