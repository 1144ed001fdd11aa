// SPDX-License-Identifier: Apache-2.0
// What a person fills in for a new workspace, what of it can be told wrong at once, and what is sent.
import type { NewWorkspace } from '../api/contract';

export type Draft = {
  name: string;
  cloudAccount: string;
  location: string;
  sku: 'F1' | 'S1' | 'S2' | 'S3';
  units: number;
  eventHubs: boolean;
  partitions: number;
  retentionHours: number;
};

export const FIRST_DRAFT: Draft = {
  name: '', cloudAccount: '', location: '', sku: 'S1', units: 1, eventHubs: false, partitions: 4, retentionHours: 24,
};

export const SKUS: Array<{ sku: Draft['sku']; about: string }> = [
  { sku: 'F1', about: 'Free: 8,000 messages a day, 10 deployments, one per subscription' },
  { sku: 'S1', about: '400,000 messages a day and unit' },
  { sku: 'S2', about: '6,000,000 messages a day and unit' },
  { sku: 'S3', about: '300,000,000 messages a day and unit' },
];

export function unitLimit(sku: Draft['sku']): number {
  return { F1: 1, S1: 200, S2: 200, S3: 10 }[sku];
}

export type Mistakes = Partial<Record<keyof Draft, string>>;

function whole(value: number, least: number, most: number, what: string): string | undefined {
  return Number.isInteger(value) && value >= least && value <= most ? undefined : `${what} is a whole number from ${least} to ${most}`;
}

export function mistakesOf(draft: Draft): Mistakes {
  const mistakes: Mistakes = {};
  const note = (field: keyof Draft, text: string | undefined) => {
    if (text !== undefined) mistakes[field] = text;
  };
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])$/.test(draft.name)) {
    note('name', '2 to 32 lower-case letters, digits and hyphens, with a letter or digit at both ends');
  }
  if (draft.cloudAccount === '') note('cloudAccount', 'Choose a cloud account');
  if (!/^[a-z0-9]+$/.test(draft.location)) note('location', 'A region as Azure names it, such as westeurope');
  note('units', whole(draft.units, 1, unitLimit(draft.sku), 'Units'));
  if (draft.eventHubs) {
    note('partitions', whole(draft.partitions, 1, 32, 'Partitions'));
    note('retentionHours', whole(draft.retentionHours, 1, 168, 'Retention'));
  }
  return mistakes;
}

export function requestOf(draft: Draft): NewWorkspace {
  return {
    name: draft.name,
    location: draft.location,
    cloudAccount: draft.cloudAccount,
    sku: draft.sku,
    units: draft.units,
    ...(draft.eventHubs ? { eventHubs: { partitions: draft.partitions, retentionHours: draft.retentionHours } } : {}),
  };
}
