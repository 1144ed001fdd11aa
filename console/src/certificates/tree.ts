// SPDX-License-Identifier: Apache-2.0
// Certificates as the chain that they are, and how long each still has.
import type { Certificate } from '../api/schema';
import type { Tone } from '../ui/state';

export type TreeNode = { certificate: Certificate; children: TreeNode[] };

const RANK = ['external-ca', 'organization-root', 'workspace-ca', 'group-ca', 'node', 'edge-ca'];

function rank({ use }: Certificate): number {
  const found = RANK.indexOf(use);
  return found < 0 ? RANK.length : found;
}

/** Each below the one that issued it; what has no issuer here is a root of the tree. */
export function certificateTree(certificates: Certificate[]): TreeNode[] {
  const nodes = certificates.map((certificate): TreeNode => ({ certificate, children: [] }));
  const roots: TreeNode[] = [];
  const byId = new Map(nodes.map((node) => [node.certificate.id, node]));
  for (const node of nodes) {
    const issuer = byId.get(node.certificate.issuerId ?? '');
    // An issuer is of a higher rank, so that no circle can arise.
    const above = issuer && rank(issuer.certificate) < rank(node.certificate) ? issuer : undefined;
    (above?.children ?? roots).push(node);
  }
  const sort = (list: TreeNode[]) => {
    list.sort((a, b) => rank(a.certificate) - rank(b.certificate) || a.certificate.subject.localeCompare(b.certificate.subject));
    for (const { children } of list) sort(children);
  };
  sort(roots);
  return roots;
}

export type Life = {
  /** 0 when it begins, 1 when it ends. */
  used: number;
  tone: Tone;
  word: string;
};

/** A certificate is renewed at two thirds of its life; what is past that by much deserves a look. */
export function lifeOf({ notBefore, notAfter, revokedAt }: Pick<Certificate, 'notBefore' | 'notAfter' | 'revokedAt'>, now: number): Life {
  const begin = Date.parse(notBefore);
  const end = Date.parse(notAfter);
  const used = Math.min(1, Math.max(0, (now - begin) / Math.max(1, end - begin)));
  if (revokedAt) return { used, tone: 'bad', word: 'revoked' };
  if (now >= end) return { used: 1, tone: 'bad', word: 'expired' };
  if (now < begin) return { used: 0, tone: 'warn', word: 'not valid yet' };
  if (used > 0.9) return { used, tone: 'bad', word: 'ends soon' };
  if (used > 0.75) return { used, tone: 'warn', word: 'due for renewal' };
  return { used, tone: 'good', word: 'valid' };
}

/** The next to end first. */
export function nextToEnd(certificates: Certificate[]): Certificate | undefined {
  return [...certificates].sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))[0];
}
