// SPDX-License-Identifier: Apache-2.0
// One operation: what it is, how it goes, and what to do when it failed.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError, api, apiPath } from '../api/client';
import type { Operation } from '../api/contract';
import { hasEnded } from '../api/events';
import { useSession } from '../session/session';
import { ErrorNotice, Notice } from '../ui/feedback';
import { duration, operationTitle } from '../ui/format';
import { StateBadge } from '../ui/state';
import { Ago, useNow } from '../ui/time';
import { Timeline } from './timeline';

function Elapsed({ operation }: { operation: Operation }) {
  const ended = hasEnded(operation);
  const now = useNow(ended ? null : 1000);
  const end = operation.finishedAt ? Date.parse(operation.finishedAt) : now;
  return <span className="number">{duration(end - Date.parse(operation.createdAt))}</span>;
}

function CancelButton({ operation }: { operation: Operation }) {
  const cache = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.post(apiPath`operations/${operation.id}/cancel`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['operation', operation.id] }),
  });
  const absent = cancel.error instanceof ApiError && cancel.error.isAbsent;
  return (
    <>
      {cancel.isError && <span className="small muted" role="status">{absent ? 'This server cannot cancel operations' : cancel.error.message}</span>}
      <button type="button" className="button" disabled={cancel.isPending || absent} onClick={() => cancel.mutate()}>Cancel</button>
    </>
  );
}

export function OperationCard({ operation, retry, live }: { operation: Operation; retry?: ReactNode; live?: ReactNode }) {
  const { mayChange } = useSession();
  const done = operation.steps.filter(({ status }) => status === 'succeeded').length;
  const failed = operation.steps.find(({ status }) => status === 'failed');
  const ended = hasEnded(operation);
  const cancelling = !ended && operation.cancelRequested === true;
  const title = failed ? `${failed.name} failed` : operation.status === 'cancelled' ? 'It was cancelled' : 'It failed';
  return (
    <section className="card" aria-label={`${operationTitle(operation.kind)} ${operation.target}`}>
      <div className="card-head">
        <h2>{operationTitle(operation.kind)}</h2>
        <StateBadge state={cancelling ? 'cancelling' : operation.status} />
        <span className="muted small" role="status">{done} of {operation.steps.length} steps</span>
        <span className="muted small"><Elapsed operation={operation} /></span>
        {live}
        {ended && <span className="muted small"><Ago at={operation.finishedAt} /></span>}
        {!ended && !cancelling && mayChange && <CancelButton operation={operation} />}
      </div>
      {operation.error && (
        <div style={{ padding: '14px 16px 6px' }}>
          <Notice tone={operation.status === 'cancelled' ? 'warn' : 'bad'} title={title} next={operation.error.hint || undefined} action={retry}>{operation.error.message}</Notice>
        </div>
      )}
      <Timeline operation={operation} />
    </section>
  );
}

export function RetryButton({ workspace }: { workspace: string }) {
  const cache = useQueryClient();
  const retry = useMutation({
    mutationFn: () => api.post(apiPath`workspaces/${workspace}/retry`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['workspace', workspace] }),
  });
  return (
    <span className="row">
      {retry.isError && <ErrorNotice error={retry.error} />}
      <button type="button" className="button" disabled={retry.isPending} onClick={() => retry.mutate()}>Go on with it</button>
    </span>
  );
}
