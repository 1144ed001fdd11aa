// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Module, Node } from '../api/schema';
import { modulesInWords, nodeStatus } from './node-status';

const module = (changes: Partial<Module> = {}): Module => ({
  name: 'sampler', version: '1.0.0', status: 'running', runtimeStatus: 'running', exitCode: 0, restartCount: 0, image: '', imageDigest: null, lastStartTime: null, ...changes,
});
const node = (changes: Partial<Node> = {}): Node => ({
  id: 'n', name: 'pump-7', group: 'line-1', registrationId: 'r', health: 'online', registered: true, registeredAt: null, connected: true, lastReportedAt: '2026-11-24T10:00:00Z',
  compositionVersion: 1, desiredStatus: { code: 200, description: '' }, modules: [module()], createdAt: '2026-11-24T09:00:00Z', ...changes,
});

describe('nodeStatus', () => {
  it.each<[string, Node, string]>([
    ['has not registered', node({ health: 'not-registered', registered: false, connected: false }), 'Not registered'],
    ['is away', node({ health: 'offline', connected: false }), 'Offline'],
    ['refused its composition', node({ health: 'refused', desiredStatus: { code: 400, description: 'no such image' } }), 'Refused'],
    ['crashes', node({ health: 'failing', modules: [module(), module({ name: 'x', runtimeStatus: 'backoff', restartCount: 4 })] }), 'Failing'],
    ['starts something', node({ health: 'changing', modules: [module({ runtimeStatus: 'unknown' })] }), 'Changing'],
    ['runs everything', node(), 'Online'],
    ['has nothing to run', node({ modules: [] }), 'Online'],
  ])('a node that %s', (_, value, label) => {
    expect(nodeStatus(value).label).toBe(label);
  });
  it('says why and what next when something is wrong', () => {
    const status = nodeStatus(node({ health: 'failing', modules: [module({ runtimeStatus: 'backoff', exitCode: 3, restartCount: 4 })] }));
    expect(status.why).toContain('exit code 3');
    expect(status.next).toBe('ferry logs pump-7 sampler');
  });
  it('never calls an offline node online because of its last report', () => {
    expect(nodeStatus(node({ health: 'offline', connected: false })).tone).not.toBe('good');
  });
});

describe('modulesInWords', () => {
  it('counts what runs, and what was stopped on purpose', () => {
    expect(modulesInWords([module(), module({ runtimeStatus: 'failed' }), module({ status: 'stopped', runtimeStatus: 'stopped' })])).toBe('2 of 3 run');
    expect(modulesInWords([])).toBe('–');
  });
});
