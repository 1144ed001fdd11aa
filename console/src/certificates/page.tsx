// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { certificates as certificatesQuery } from '../api/queries';
import type { Certificate } from '../api/schema';
import { Page } from '../shell/page';
import { Copyable } from '../ui/copy';
import { Empty, Loaded } from '../ui/feedback';
import { commonName, day, until } from '../ui/format';
import { DownloadIcon, SealIcon } from '../ui/icons';
import { ToneBadge } from '../ui/state';
import { useNow } from '../ui/time';
import styles from './certificates.module.css';
import { type TreeNode, certificateTree, lifeOf, nextToEnd } from './tree';

const USES: Record<Certificate['use'], string> = {
  'external-ca': 'Your own CA',
  'organization-root': 'Organization root', 'workspace-ca': 'Workspace CA', 'group-ca': 'Node group CA', node: 'Node', 'edge-ca': 'Edge CA on a device',
};

function download(certificate: Certificate): void {
  const url = URL.createObjectURL(new Blob([certificate.pem], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${commonName(certificate.subject).replace(/[^\w.-]+/g, '-')}.pem`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function Line({ certificate, now }: { certificate: Certificate; now: number }) {
  const life = lifeOf(certificate, now);
  const name = commonName(certificate.subject);
  const use = USES[certificate.use];
  const print = certificate.sha256Thumbprint;
  return (
    <div className={styles.line}>
      <div className={styles.who}>
        <SealIcon />
        <div>
          <strong>{name}</strong>
          <span className="small muted">{[use, certificate.keyType, certificate.usedBy.length > 0 ? `used by ${certificate.usedBy.join(', ')}` : ''].filter(Boolean).join(' · ')}</span>
        </div>
        {certificate.state !== 'active' && <ToneBadge tone="idle">{certificate.state}</ToneBadge>}
      </div>
      <span className={`small muted ${styles.use}`}>from {day(certificate.notBefore)}</span>
      <div className={styles.life} data-tone={life.tone}>
        <span className="small row" style={{ justifyContent: 'space-between' }}>
          <span className="number" title={certificate.notAfter}>ends {until(Date.parse(certificate.notAfter), now)}</span>
          <span className="tone">{life.word}</span>
        </span>
        <div className={styles.meter} aria-hidden="true"><i style={{ width: `${Math.max(2, life.used * 100)}%` }} /></div>
      </div>
      <div className={styles.print}><Copyable text={print} what={`SHA-256 fingerprint of ${name}`} shown={`${print.slice(0, 8)}…${print.slice(-8)}`} /></div>
      <button type="button" className="icon-button" aria-label={`Download ${name} as PEM`} title="Download as PEM" onClick={() => download(certificate)}><DownloadIcon /></button>
    </div>
  );
}

function Branch({ node, now }: { node: TreeNode; now: number }) {
  return (
    <li>
      <Line certificate={node.certificate} now={now} />
      {node.children.length > 0 && <ul>{node.children.map((child) => <Branch key={child.certificate.sha256Thumbprint} node={child} now={now} />)}</ul>}
    </li>
  );
}

function Radar({ certificates, now }: { certificates: Certificate[]; now: number }) {
  const next = nextToEnd(certificates);
  const within = (days: number) => certificates.filter(({ notAfter }) => Date.parse(notAfter) - now < days * 86_400_000).length;
  return (
    <section className="card" aria-label="What ends next">
      <dl className={styles.radar}>
        {next && <div><dt>Ends next</dt><dd>{commonName(next.subject)}<small>{day(next.notAfter)}, {until(Date.parse(next.notAfter), now)}</small></dd></div>}
        <div><dt>End within 30 days</dt><dd className="number">{within(30)}<small>of {certificates.length} certificates</small></dd></div>
        <div><dt>End within 90 days</dt><dd className="number">{within(90)}<small>of {certificates.length} certificates</small></dd></div>
      </dl>
    </section>
  );
}

export function Certificates() {
  const { workspace } = useParams<{ workspace: string }>();
  const query = useQuery(certificatesQuery(workspace));
  const now = useNow(60_000);
  return (
    <Page title="Certificates" label={workspace} intro="The chain of trust, from your organization's root to each node: each certificate is signed by the one above it.">
      <Loaded query={query}>
        {(all) => all.length === 0
          ? <section className="card"><Empty title="No certificates yet"><p>The workspace's CA is made while the workspace is provisioned.</p></Empty></section>
          : (
            <>
              <Radar certificates={all} now={now} />
              <section className="card" aria-labelledby="chain">
                <div className="card-head"><h2 id="chain">Chain</h2><span className="muted small">{all.length} certificates</span></div>
                <ul className={styles.tree}>{certificateTree(all).map((node) => <Branch key={node.certificate.sha256Thumbprint} node={node} now={now} />)}</ul>
              </section>
            </>
          )}
      </Loaded>
    </Page>
  );
}
