// SPDX-License-Identifier: Apache-2.0
// What a screen shows while it waits, when there is nothing, and when something went wrong.
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { CrossIcon, InfoIcon, WarningIcon } from './icons';

export function Skeleton({ lines = 5 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => <span key={i} style={{ width: `${92 - ((i * 23) % 45)}%` }} />)}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
      {action}
    </div>
  );
}

type NoticeTone = 'bad' | 'warn' | 'idle';

export function Notice({ tone, title, children, next, action }: {
  tone: NoticeTone; title: string; children?: ReactNode; next?: ReactNode; action?: ReactNode;
}) {
  const Icon = { bad: CrossIcon, warn: WarningIcon, idle: InfoIcon }[tone];
  return (
    <div className="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon />
      <div>
        <p><strong>{title}</strong></p>
        {children && <p>{children}</p>}
        {next && <p className="next">{next}</p>}
      </div>
      {action}
    </div>
  );
}

export function ErrorNotice({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
  const known = error instanceof ApiError;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Notice
      tone="bad"
      title={title ?? message}
      next={known && error.hint ? error.hint : undefined}
      action={onRetry && <button type="button" className="button" onClick={onRetry}>Try again</button>}
    >
      {title ? message : undefined}
    </Notice>
  );
}

/** A query's data when it is there; else a skeleton or what went wrong. Old data stays under an error. */
export function Loaded<T>({ query, children, lines }: {
  query: UseQueryResult<T>; children: (data: T) => ReactNode; lines?: number;
}) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <ErrorNotice error={query.error} title="This may be out of date" onRetry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton {...(lines === undefined ? {} : { lines })} />;
}
