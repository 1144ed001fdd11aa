// SPDX-License-Identifier: Apache-2.0
// The workspace's own screen: how it is, what is being done about it, and every cloud resource.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { ApiError } from '../api/client';
import type { Operation, Workspace } from '../api/contract';
import { type Connection, hasEnded, useWorkspaceEvents } from '../api/events';
import { resources as resourcesQuery, workspace as workspaceQuery } from '../api/queries';
import { OperationCard, RetryButton } from '../operations/operation-card';
import { useSession } from '../session/session';
import { Page } from '../shell/page';
import { Empty, ErrorNotice, Loaded } from '../ui/feedback';
import { duration, operationTitle } from '../ui/format';
import { StateBadge, StateIcon } from '../ui/state';
import { Ago } from '../ui/time';
import { DeleteWorkspace } from './delete';
import { ResourceSum, ResourceTable } from './resources';
import { RoutingCard } from './routing';

const LIVE: Record<Connection, string> = { connecting: 'Connecting…', live: 'Live', lost: 'Connection lost, trying again…', ended: 'Not live' };

function Live({ connection }: { connection: Connection }) {
  return <span className="small muted row" style={{ gap: 5 }} role="status"><i className="dot" data-tone={connection === 'live' ? 'good' : connection === 'lost' ? 'warn' : 'idle'} />{LIVE[connection]}</span>;
}

// While it runs, or failed, it is what matters; afterwards one line is enough until asked for.
function NewestOperation({ operation, workspace, connection }: { operation: Operation; workspace: string; connection: Connection }) {
  const [asked, setAsked] = useState(false);
  const { mayChange } = useSession();
  if (operation.status !== 'succeeded' || asked) {
    return <OperationCard operation={operation} retry={(operation.status === 'failed' || operation.status === 'cancelled') && mayChange && <RetryButton workspace={workspace} />} live={!hasEnded(operation) && <Live connection={connection} />} />;
  }
  return (
    <section className="card row" style={{ padding: '9px 16px', flexWrap: 'wrap' }} aria-label="Newest operation">
      <StateIcon state={operation.status} />
      <span className="grow">{operationTitle(operation.kind)} <span className="muted">took {duration(Date.parse(operation.finishedAt ?? operation.createdAt) - Date.parse(operation.createdAt))}, <Ago at={operation.finishedAt} /></span></span>
      <button type="button" className="button quiet" onClick={() => setAsked(true)}>Show its {operation.steps.length} steps</button>
    </section>
  );
}

// What the hub can carry; older servers do not say.
function HubFacts({ workspace }: { workspace: Workspace }) {
  const { sku, units, limits, eventHubs } = workspace;
  if (!sku) return null;
  const number = (value: number) => value.toLocaleString('en-GB');
  return (
    <dl className="facts card" style={{ padding: '12px 16px' }}>
      <div><dt>IoT Hub</dt><dd>{sku}, {units === 1 ? '1 unit' : `${units} units`}</dd></div>
      {limits && <div><dt>Messages a day</dt><dd className="number">{number(limits.messagesPerDay)}</dd></div>}
      {limits && <div><dt>Devices</dt><dd className="number">up to {number(limits.devices)}</dd></div>}
      {limits && <div><dt>Node groups</dt><dd className="number">up to {number(limits.deployments)} deployments</dd></div>}
      {eventHubs !== undefined && <div><dt>Event Hubs</dt><dd>{eventHubs ? `${eventHubs.partitions} partitions, ${eventHubs.retentionHours} h` : 'the built-in endpoint alone'}</dd></div>}
    </dl>
  );
}

export function WorkspaceDetails() {
  const { workspace: name } = useParams<{ workspace: string }>();
  const { mayChange } = useSession();
  const workspace = useQuery(workspaceQuery(name));
  const resources = useQuery(resourcesQuery(name));
  const connection = useWorkspaceEvents(name);
  // Only events fill it.
  const newest = useQuery<Operation | null>({ queryKey: ['newest-operation', name], queryFn: () => null, enabled: false });

  if (workspace.error instanceof ApiError && workspace.error.status === 404) {
    return (
      <Page title={name} label="Workspace">
        <section className="card"><Empty title={`There is no workspace ${name}`} action={<Link href="/" className="button">All workspaces</Link>}><p>It may have been deleted, or have another name.</p></Empty></section>
      </Page>
    );
  }
  const data = workspace.data;
  return (
    <Page
      title={name}
      label="Workspace"
      aside={data && <StateBadge state={data.state} />}
      intro={data && <>In {data.location}, in the cloud account <Link href={`/cloud-accounts/${data.cloudAccount}`}>{data.cloudAccount}</Link>, created <Ago at={data.createdAt} />.</>}
      actions={mayChange && data && data.state !== 'deleting' && <DeleteWorkspace workspace={name} resources={resources.data ?? []} />}
    >
      {workspace.isError && <ErrorNotice error={workspace.error} onRetry={() => void workspace.refetch()} />}
      {data && <HubFacts workspace={data} />}
      {newest.data && <NewestOperation operation={newest.data} workspace={name} connection={connection} />}
      <section className="card" aria-labelledby="resources">
        <div className="card-head">
          <h2 id="resources">Cloud resources</h2>
          {resources.data && <ResourceSum resources={resources.data} />}
          <Live connection={connection} />
        </div>
        <Loaded query={resources} lines={7}>{(list) => <ResourceTable resources={list} />}</Loaded>
      </section>
      {data?.state === 'ready' && <RoutingCard workspace={name} />}
    </Page>
  );
}
