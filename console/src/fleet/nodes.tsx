// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link, useParams } from 'wouter';
import { fleet, node as nodeQuery, nodes as nodesQuery, type NodeSelection } from '../api/queries';
import type { FleetSummary, Module, Node, NodeHealth } from '../api/schema';
import { Page } from '../shell/page';
import { Copyable } from '../ui/copy';
import { Empty, Loaded, Notice } from '../ui/feedback';
import { ToneBadge } from '../ui/state';
import { Ago } from '../ui/time';
import { isHealthy, modulesInWords, nodeStatus } from './node-status';

function StatusBadge({ node }: { node: Node }) {
  const status = nodeStatus(node);
  return <span title={status.why}><ToneBadge tone={status.tone}>{status.label}</ToneBadge></span>;
}

function NodeTable({ nodes, workspace, withGroup = true }: { nodes: Node[]; workspace: string; withGroup?: boolean }) {
  if (nodes.length === 0) {
    return <Empty title="No nodes yet" action={<pre className="command">ferry node create pump-7 --group line-1 --workspace {workspace}</pre>}><p>It prints a one-time token and the one command to run on the device.</p></Empty>;
  }
  return (
    <>
      <table className="table">
        <thead><tr><th scope="col">Name</th><th scope="col">Status</th>{withGroup && <th scope="col">Group</th>}<th scope="col">Modules</th><th scope="col" className="end">Composition</th><th scope="col" className="end">Last report</th></tr></thead>
        <tbody>
          {nodes.map((node) => (
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
    </>
  );
}

const LABELS: Record<NodeHealth, string> = { online: 'Online', changing: 'Changing', failing: 'Failing', refused: 'Refused', offline: 'Offline', 'not-registered': 'Not registered' };
const HEALTHS = Object.keys(LABELS) as NodeHealth[];

/** Nodes page by page; the server looks for them, so that a fleet may be of any size. */
export function NodeList({ workspace, selection, withGroup = true }: { workspace: string; selection: NodeSelection; withGroup?: boolean }) {
  const query = useInfiniteQuery({ ...nodesQuery(workspace, selection), refetchInterval: 10_000 });
  const selected = Boolean(selection.search || selection.health);
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const nodes = pages.flatMap((page) => page.value);
        if (nodes.length === 0 && selected) return <Empty title="Nothing fits the filter" />;
        return (
          <>
            <NodeTable nodes={nodes} workspace={workspace} withGroup={withGroup} />
            {query.hasNextPage && (
              <p style={{ padding: '10px 16px' }}>
                <button type="button" className="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</button>
              </p>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function HealthFilter({ summary, health, onChange }: { summary: FleetSummary | undefined; health: NodeHealth | undefined; onChange: (health: NodeHealth | undefined) => void }) {
  return (
    <>
      <label className="visually-hidden" htmlFor="node-health">How they are</label>
      <select id="node-health" className="input" style={{ maxWidth: 220 }} value={health ?? ''} onChange={(event) => onChange(HEALTHS.find((each) => each === event.target.value))}>
        <option value="">Any status</option>
        {HEALTHS.map((each) => <option key={each} value={each}>{LABELS[each]}{summary && ` (${summary.byHealth[each].toLocaleString('en')})`}</option>)}
      </select>
    </>
  );
}

export function Nodes() {
  const { workspace } = useParams<{ workspace: string }>();
  const [filter, setFilter] = useState('');
  const [health, setHealth] = useState<NodeHealth>();
  const search = useDeferredValue(filter.trim());
  const { data: all } = useQuery({ ...fleet(workspace, {}), refetchInterval: 10_000 });
  const { data: found } = useQuery({ ...fleet(workspace, { search }), refetchInterval: 10_000 });
  const shown = found && (health ? found.byHealth[health] : found.total);
  return (
    <Page title="Nodes" label={workspace} intro="Devices, as they report themselves.">
      <section className="card" aria-label="Nodes">
        {all !== undefined && all.total > 0 && (
          <div className="card-head">
            <label className="visually-hidden" htmlFor="node-filter">Filter by name</label>
            <input id="node-filter" type="search" className="input" style={{ maxWidth: 320 }} placeholder="Name" value={filter} onChange={(event) => setFilter(event.target.value)} />
            <HealthFilter summary={found} health={health} onChange={setHealth} />
            <span className="muted small number" role="status">{shown?.toLocaleString('en')} of {all.total.toLocaleString('en')}</span>
          </div>
        )}
        <NodeList workspace={workspace} selection={{ search, health }} />
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
  const query = useQuery({ ...nodeQuery(workspace, name), refetchInterval: 5000 });
  const node = query.data;
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
