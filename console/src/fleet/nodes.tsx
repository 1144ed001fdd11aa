// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { nodes as nodesQuery } from '../api/queries';
import type { Module, Node } from '../api/schema';
import { Page } from '../shell/page';
import { Copyable } from '../ui/copy';
import { Empty, Loaded, Notice } from '../ui/feedback';
import { ToneBadge } from '../ui/state';
import { Ago } from '../ui/time';
import { isHealthy, modulesInWords, nodeStatus } from './node-status';

/** As many rows as a page shows at once; a filter finds the others. */
const MOST = 200;

function StatusBadge({ node }: { node: Node }) {
  const status = nodeStatus(node);
  return <span title={status.why}><ToneBadge tone={status.tone}>{status.label}</ToneBadge></span>;
}

export function NodeTable({ nodes, workspace, withGroup = true }: { nodes: Node[]; workspace: string; withGroup?: boolean }) {
  if (nodes.length === 0) {
    return <Empty title="No nodes yet" action={<pre className="command">ferry node create pump-7 --group line-1 --workspace {workspace}</pre>}><p>It prints a one-time token and the one command to run on the device.</p></Empty>;
  }
  return (
    <>
      <table className="table">
        <thead><tr><th scope="col">Name</th><th scope="col">Status</th>{withGroup && <th scope="col">Group</th>}<th scope="col">Modules</th><th scope="col" className="end">Composition</th><th scope="col" className="end">Last report</th></tr></thead>
        <tbody>
          {nodes.slice(0, MOST).map((node) => (
            <tr key={node.id}>
              <td className="lead name"><Link href={`/workspaces/${workspace}/nodes/${node.name}`}>{node.name}</Link></td>
              <td data-label="Status"><StatusBadge node={node} /></td>
              {withGroup && <td data-label="Group"><Link href={`/workspaces/${workspace}/groups/${node.group}`}>{node.group}</Link></td>}
              <td data-label="Modules" className="number">{modulesInWords(node.modules)}</td>
              <td data-label="Composition" className="end number">{node.compositionVersion === 0 ? <span className="muted">none</span> : `v${node.compositionVersion}`}</td>
              <td data-label="Last report" className="end"><Ago at={node.lastReportedAt} none="never" /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {nodes.length > MOST && <p className="muted small" style={{ padding: '10px 16px' }}>The first {MOST} of {nodes.length}. Filter to find the others.</p>}
    </>
  );
}

export function Nodes() {
  const { workspace } = useParams<{ workspace: string }>();
  const query = useQuery({ ...nodesQuery(workspace), refetchInterval: 10_000 });
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const fits = (node: Node) => [node.name, node.group, nodeStatus(node).label].some((text) => text.toLowerCase().includes(wanted));
  return (
    <Page title="Nodes" label={workspace} intro="Devices, as they report themselves.">
      <section className="card" aria-label="Nodes">
        <Loaded query={query}>
          {(all) => (
            <>
              {all.length > 0 && (
                <div className="card-head">
                  <label className="visually-hidden" htmlFor="node-filter">Filter by name, group or status</label>
                  <input id="node-filter" type="search" className="input" style={{ maxWidth: 320 }} placeholder="Name, group or status" value={filter} onChange={(event) => setFilter(event.target.value)} />
                  <span className="muted small number" role="status">{all.filter(fits).length} of {all.length}</span>
                </div>
              )}
              {all.length > 0 && !all.some(fits) ? <Empty title="Nothing fits the filter" /> : <NodeTable nodes={all.filter(fits)} workspace={workspace} />}
            </>
          )}
        </Loaded>
      </section>
    </Page>
  );
}

function Modules({ modules }: { modules: Module[] }) {
  if (modules.length === 0) return <Empty title="Nothing runs here"><p>What a node runs comes from the deployments that target its group.</p></Empty>;
  return (
    <table className="table">
      <thead><tr><th scope="col">Module</th><th scope="col">Status</th><th scope="col">Version</th><th scope="col">Image</th><th scope="col" className="end">Restarts</th><th scope="col" className="end">Started</th></tr></thead>
      <tbody>
        {modules.map((module) => (
          <tr key={module.name}>
            <td className="lead name">{module.name}</td>
            <td data-label="Status"><ToneBadge tone={isHealthy(module) ? 'good' : module.runtimeStatus === '' ? 'idle' : 'bad'}>{module.runtimeStatus || 'not reported'}{module.exitCode !== 0 && ` (exit code ${module.exitCode})`}</ToneBadge></td>
            <td data-label="Version" className="number">{module.version || '–'}</td>
            <td data-label="Image" style={{ maxWidth: 320 }}>{module.image ? <Copyable text={module.image} what="image" /> : '–'}</td>
            <td data-label="Restarts" className="end number">{module.restartCount}</td>
            <td data-label="Started" className="end"><Ago at={module.lastStartTime} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function NodePage() {
  const { workspace, node: name } = useParams<{ workspace: string; node: string }>();
  const query = useQuery({ ...nodesQuery(workspace), refetchInterval: 5000 });
  const node = query.data?.find((each) => each.name === name || each.id === name);
  const status = node && nodeStatus(node);
  const root = `/workspaces/${workspace}`;
  return (
    <Page title={name} label={<><Link href={root}>{workspace}</Link> / <Link href={`${root}/nodes`}>Nodes</Link></>} aside={node && <StatusBadge node={node} />}>
      <Loaded query={query}>
        {() => !node || !status
          ? <section className="card"><Empty title={`There is no node ${name}`} action={<Link className="button" href={`${root}/nodes`}>All nodes</Link>} /></section>
          : (
            <>
              {status.tone !== 'good' && <Notice tone={status.tone === 'bad' ? 'bad' : status.tone === 'warn' ? 'warn' : 'idle'} title={status.label} next={status.next}>{status.why} {status.since && <>{status.sinceMeans} <Ago at={status.since} />.</>}</Notice>}
              <dl className="facts card card-body">
                <div><dt>Node group</dt><dd><Link href={`${root}/groups/${node.group}`}>{node.group}</Link></dd></div>
                <div><dt>Registration id</dt><dd><Copyable text={node.registrationId} what="registration id" /></dd></div>
                <div><dt>Registered</dt><dd><Ago at={node.registeredAt} none="not yet" /></dd></div>
                <div><dt>Last report</dt><dd><Ago at={node.lastReportedAt} none="never" /></dd></div>
                <div><dt>Composition</dt><dd className="number">{node.compositionVersion === 0 ? 'none' : `v${node.compositionVersion}`}</dd></div>
                <div><dt>Created</dt><dd><Ago at={node.createdAt} /></dd></div>
              </dl>
              <section className="card" aria-labelledby="modules">
                <div className="card-head"><h2 id="modules">Modules</h2><span className="muted small">{modulesInWords(node.modules)}</span></div>
                <Modules modules={node.modules} />
              </section>
            </>
          )}
      </Loaded>
    </Page>
  );
}
