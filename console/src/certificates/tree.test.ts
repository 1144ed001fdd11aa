// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../api/schema';
import { type TreeNode, certificateTree, lifeOf, nextToEnd } from './tree';

function certificate(subject: string, issuerId: string | null, use: Certificate['use'], begin = 0, end = 100): Certificate {
  return {
    id: subject, subject, issuer: issuerId ?? subject, issuerId, use, owner: '', state: 'active', origin: 'ferry', usedBy: [], keyType: '', serial: '',
    notBefore: new Date(begin * 86_400_000).toISOString(), notAfter: new Date(end * 86_400_000).toISOString(), revokedAt: null, revocationReason: null,
    sha256Thumbprint: '', pem: '',
  };
}

const shape = (nodes: TreeNode[]): unknown => nodes.map(({ certificate: { subject }, children }) => (children.length > 0 ? [subject, shape(children)] : subject));

describe('certificateTree', () => {
  it('follows the chain whatever the order', () => {
    const all = [
      certificate('CN=pump', 'CN=line', 'node'), certificate('CN=root', null, 'organization-root'),
      certificate('CN=line', 'CN=ws', 'group-ca'), certificate('CN=ws', 'CN=root', 'workspace-ca'), certificate('CN=fan', 'CN=line', 'node'),
    ];
    expect(shape(certificateTree(all))).toEqual([['CN=root', [['CN=ws', [['CN=line', ['CN=fan', 'CN=pump']]]]]]]);
  });
  it('keeps what has no issuer here', () => {
    expect(shape(certificateTree([certificate('CN=ws', 'CN=elsewhere', 'workspace-ca')]))).toEqual(['CN=ws']);
  });
  it('holds every certificate exactly once', () => {
    // Two that claim to have issued each other, and one that claims itself.
    const all = [certificate('CN=x', 'CN=y', 'node'), certificate('CN=y', 'CN=x', 'group-ca'), certificate('CN=z', 'CN=z', 'node')];
    const count = (nodes: TreeNode[]): number => nodes.reduce((sum, node) => sum + 1 + count(node.children), 0);
    expect(count(certificateTree(all))).toBe(3);
  });
});

describe('lifeOf', () => {
  const life = (day: number) => lifeOf(certificate('CN=x', 'CN=y', 'node', 0, 100), day * 86_400_000);
  it.each([[-1, 'not valid yet'], [10, 'valid'], [70, 'valid'], [80, 'due for renewal'], [95, 'ends soon'], [100, 'expired']])('on day %d it is %s', (day, word) => {
    expect(life(day).word).toBe(word);
  });
  it('is revoked, however long it had', () => {
    expect(lifeOf({ ...certificate('CN=x', 'CN=y', 'node'), revokedAt: '1970-01-05T00:00:00Z' }, 86_400_000).word).toBe('revoked');
  });
});

describe('nextToEnd', () => {
  it('is the one with the nearest end', () => {
    const near = certificate('CN=near', 'CN=x', 'node', 0, 10);
    expect(nextToEnd([certificate('CN=far', 'CN=x', 'node', 0, 20), near])).toBe(near);
    expect(nextToEnd([])).toBeUndefined();
  });
});
