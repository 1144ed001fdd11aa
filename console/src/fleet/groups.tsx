// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import { compositions, groups as groupsQuery } from '../api/queries';
import type { Composition, Group } from '../api/schema';
import { Page } from '../shell/page';
import { Copyable } from '../ui/copy';
import { Empty, Loaded } from '../ui/feedback';
import { StateBadge } from '../ui/state';
import { Ago } from '../ui/time';
import { NodeList } from './nodes';

export function Groups() {
  const { workspace } = useParams<{ workspace: string }>();
  const query = useQuery({ ...groupsQuery(workspace), refetchInterval: 10_000 });
  return (
    <Page title="Node groups" label={workspace} intro="Devices that run the same software: one intermediate CA, one enrollment group, one composition.">
      <section className="card" aria-label="Node groups">
        <Loaded query={query}>
          {(all) => all.length === 0
            ? <Empty title="No node groups yet" action={<pre className="command">ferry group create line-1 --workspace {workspace}</pre>}><p>A group gets its own CA, enrollment group, pull credential and configuration in Azure.</p></Empty>
            : (
              <table className="table">
                <thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col" className="end">Nodes</th><th scope="col" className="end">Composition</th><th scope="col">Enrollment group</th><th scope="col" className="end">Created</th></tr></thead>
                <tbody>
                  {all.map((group) => (
                    <tr key={group.id}>
                      <td className="lead name"><Link href={`/workspaces/${workspace}/groups/${group.name}`}>{group.name}</Link></td>
                      <td data-label="State"><StateBadge state={group.state} /></td>
                      <td data-label="Nodes" className="end number">{group.nodeCount}</td>
                      <td data-label="Composition" className="end number">{group.compositionVersion === 0 ? <span className="muted">none</span> : `v${group.compositionVersion}`}</td>
                      <td data-label="Enrollment group">{group.enrollmentGroup ? <span className="mono">{group.enrollmentGroup}</span> : <span className="muted">–</span>}</td>
                      <td data-label="Created" className="end"><Ago at={group.createdAt} /></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
        </Loaded>
      </section>
    </Page>
  );
}

function Facts({ group }: { group: Group }) {
  const azure: Array<[string, string | null]> = [
    ['DPS enrollment group', group.enrollmentGroup], ['IoT Hub configuration', group.configuration], ['Pull credential', group.pullCredential], ['Node group id', group.id],
  ];
  return (
    <dl className="facts card card-body">
      {azure.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value ? <Copyable text={value} what={name} /> : <span className="muted">not made yet</span>}</dd></div>)}
      <div><dt>Created</dt><dd><Ago at={group.createdAt} /></dd></div>
    </dl>
  );
}

function Compositions({ list }: { list: Composition[] }) {
  if (list.length === 0) return <Empty title="Nothing has been deployed"><p>What the nodes of this group run is computed from all deployments that target it.</p></Empty>;
  return (
    <table className="table">
      <thead><tr><th scope="col">Version</th><th scope="col">Components</th><th scope="col" className="end">Made</th></tr></thead>
      <tbody>
        {list.map((each) => (
          <tr key={each.version}>
            <td className="lead name number">v{each.version} {each.current && <StateBadge state="ready" label="current" />}</td>
            <td data-label="Components">{each.components.length === 0 ? <span className="muted">none</span> : each.components.map(({ name, version }) => `${name} ${version}`).join(', ')}</td>
            <td data-label="Made" className="end"><Ago at={each.createdAt} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function GroupPage() {
  const { workspace, group: name } = useParams<{ workspace: string; group: string }>();
  const all = useQuery({ ...groupsQuery(workspace), refetchInterval: 10_000 });
  const history = useQuery(compositions(workspace, name));
  const group = all.data?.find((each) => each.name === name || each.id === name);
  const root = `/workspaces/${workspace}`;
  return (
    <Page title={name} label={<><Link href={root}>{workspace}</Link> / <Link href={`${root}/groups`}>Node groups</Link></>} aside={group && <StateBadge state={group.state} />}>
      <Loaded query={all}>{() => group ? <Facts group={group} /> : <section className="card"><Empty title={`There is no node group ${name}`} /></section>}</Loaded>
      <section className="card" aria-labelledby="group-nodes">
        <div className="card-head"><h2 id="group-nodes">Nodes</h2></div>
        <NodeList workspace={workspace} selection={{ group: name }} withGroup={false} />
      </section>
      <section className="card" aria-labelledby="compositions">
        <div className="card-head"><h2 id="compositions">Compositions</h2></div>
        <Loaded query={history}>{(list) => <Compositions list={list} />}</Loaded>
      </section>
    </Page>
  );
}
