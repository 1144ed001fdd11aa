// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Resource } from '../api/contract';
import { type Draft, FIRST_DRAFT, mistakesOf, requestOf } from './new-workspace';
import { driftOf, endpointsOf, estimateOf, isWebLink } from './resource-facts';

const draft = (changes: Partial<Draft> = {}): Draft => ({ ...FIRST_DRAFT, name: 'plant-a', cloudAccount: 'drydock', location: 'westeurope', ...changes });

describe('a draft of a workspace', () => {
  it('is complete with a name, an account and a region', () => {
    expect(mistakesOf(draft())).toEqual({});
    expect(Object.keys(mistakesOf(FIRST_DRAFT))).toEqual(['name', 'cloudAccount', 'location']);
  });
  it.each(['a', 'Plant', '-a', 'a-', 'a_b', 'a'.repeat(33), ''])('refuses the name %j', (name) => {
    expect(mistakesOf(draft({ name })).name).toBeDefined();
  });
  it.each([0, 1.5, 201, Number.NaN])('refuses %d units', (units) => {
    expect(mistakesOf(draft({ units })).units).toBeDefined();
  });
  it('looks at the options of Event Hubs only when they are wanted', () => {
    expect(mistakesOf(draft({ partitions: 99 }))).toEqual({});
    expect(mistakesOf(draft({ partitions: 99, eventHubs: true })).partitions).toBeDefined();
    expect(requestOf(draft())).not.toHaveProperty('eventHubs');
    expect(requestOf(draft({ eventHubs: true })).eventHubs).toEqual({ partitions: 4, retentionHours: 24 });
  });
});

const resource = (changes: Partial<Resource> = {}): Resource => ({
  type: 'Microsoft.Devices/IotHubs', name: 'hub', azureId: null, region: 'x', state: 'ready', portalUrl: null, createdAt: '', ...changes,
} as Resource);

describe('what is known of a resource', () => {
  it('is no drift before anything looked', () => {
    expect(driftOf(resource())).toBeNull();
    expect(driftOf(resource({ drift: null }))).toBeNull();
  });
  it('is as made once it was verified', () => {
    for (const drift of [null, []]) expect(driftOf(resource({ drift, lastVerifiedAt: '2026-11-24T10:00:00Z' }))?.tone).toBe('good');
  });
  it('says what differs, and what is gone by its kind', () => {
    const finding = { resource: 'iot-hub', kind: 'changed' as const, property: 'a.b', expected: '1', actual: '7', mendable: true, message: 'retention is 7' };
    expect(driftOf(resource({ drift: [finding] }))).toEqual({ tone: 'warn', label: 'changed by hand', details: ['retention is 7'] });
    expect(driftOf(resource({ drift: [{ ...finding, kind: 'missing', property: '' }] }))?.label).toBe('missing');
    expect(driftOf(resource({ drift: [{ ...finding, kind: 'missing', property: 'grp-1' }] }))?.label).toBe('changed by hand');
  });
  it('has endpoints as texts or objects', () => {
    expect(endpointsOf(resource({ endpoints: ['a.example', { name: 'events', url: 'sb://b' }, 7] } as Partial<Resource>))).toEqual([{ name: '', address: 'a.example' }, { name: 'events', address: 'sb://b' }]);
  });
  it('has a price as a number or with its currency', () => {
    expect(estimateOf(resource({ monthlyEstimate: 25 } as Partial<Resource>))).toBe('25.00 a month');
    expect(estimateOf(resource({ monthlyEstimate: { amount: 25, currency: 'USD' } } as Partial<Resource>))).toBe('25.00 USD a month');
    expect(estimateOf(resource())).toBeNull();
  });
  it('is linked only to the web', () => {
    expect(isWebLink('https://portal.azure.com/#x')).toBe(true);
    for (const address of ['javascript:alert(1)', 'http://x', 'data:text/html,x', null]) expect(isWebLink(address)).toBe(false);
  });
});
