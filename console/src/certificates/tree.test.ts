// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../api/schema';
import { type TreeNode, certificateTree, lifeOf, nextToEnd } from './tree';

let serial = 0;
function certificate(subject: string, issuer: string, use: Certificate['use'], begin = 0, end = 100): Certificate {
  serial += 1;
  return {
    subject, issuer, use, notBefore: new Date(begin * 86_400_000).toISOString(), notAfter: new Date(end * 86_400_000).toISOString(),
    sha256Thumbprint: String(serial).padStart(64, '0'), pem: '',
  } as Certificate;
}

const shape = (nodes: TreeNode[]): unknown => nodes.map(({ certificate: { subject }, children }) => (children.length > 0 ? [subject, shape(children)] : subject));

describe('certificateTree', () => {
  it('follows the chain whatever the order', () => {
    const all = [
      certificate('CN=pump', 'CN=line', 'node'), certificate('CN=root', 'CN=root', 'organization-root'),
      certificate('CN=line', 'CN=ws', 'group-ca'), certificate('CN=ws', 'CN=root', 'workspace-ca'), certificate('CN=fan', 'CN=line', 'node'),
    ];
    expect(shape(certificateTree(all))).toEqual([['CN=root', [['CN=ws', [['CN=line', ['CN=fan', 'CN=pump']]]]]]]);
  });
  it('keeps what has no issuer here', () => {
    expect(shape(certificateTree([certificate('CN=ws', 'CN=elsewhere', 'workspace-ca')]))).toEqual(['CN=ws']);
  });
  it('puts a node below the CA that was the youngest when it was issued', () => {
    const old = certificate('CN=line', 'CN=ws', 'group-ca', 0, 100);
    const young = certificate('CN=line', 'CN=ws', 'group-ca', 50, 150);
    const tree = certificateTree([young, old, certificate('CN=a', 'CN=line', 'node', 10, 20), certificate('CN=b', 'CN=line', 'node', 60, 70)]);
    const below = (ca: Certificate) => tree.find((node) => node.certificate === ca)?.children.map((child) => child.certificate.subject);
    expect(below(old)).toEqual(['CN=a']);
    expect(below(young)).toEqual(['CN=b']);
  });
  it('holds every certificate exactly once', () => {
    const all = [certificate('CN=x', 'CN=x', 'node'), certificate('CN=x', 'CN=x', 'group-ca'), certificate('CN=y', 'CN=x', 'node')];
    const count = (nodes: TreeNode[]): number => nodes.reduce((sum, node) => sum + 1 + count(node.children), 0);
    expect(count(certificateTree(all))).toBe(3);
  });
});

describe('lifeOf', () => {
  const life = (day: number) => lifeOf(certificate('CN=x', 'CN=y', 'node', 0, 100), day * 86_400_000);
  it.each([[-1, 'not valid yet'], [10, 'valid'], [70, 'valid'], [80, 'due for renewal'], [95, 'ends soon'], [100, 'expired']])('on day %d it is %s', (day, word) => {
    expect(life(day).word).toBe(word);
  });
});

describe('nextToEnd', () => {
  it('is the one with the nearest end', () => {
    const near = certificate('CN=near', 'CN=x', 'node', 0, 10);
    expect(nextToEnd([certificate('CN=far', 'CN=x', 'node', 0, 20), near])).toBe(near);
    expect(nextToEnd([])).toBeUndefined();
  });
});
