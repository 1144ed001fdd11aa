// SPDX-License-Identifier: Apache-2.0
// Server-sent events into the query cache. Each event is a whole state, so a lost connection loses nothing:
// the browser connects again and gets the states anew.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { apiPath } from './client';
import type { Operation, Resource, Workspace } from './contract';

export type Connection = 'connecting' | 'live' | 'lost' | 'ended';

function useEventSource(url: string | null, handlers: Record<string, (data: unknown) => boolean | void>): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => {
    if (url === null) return undefined;
    const source = new EventSource(url);
    const end = () => {
      source.close();
      setConnection('ended');
    };
    setConnection('connecting');
    source.onopen = () => setConnection('live');
    source.onerror = () => setConnection(source.readyState === EventSource.CLOSED ? 'ended' : 'lost');
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        if (handle(JSON.parse((event as MessageEvent<string>).data))) end();
      });
    }
    source.addEventListener('problem', end);
    return () => source.close();
    // The handlers write to the cache, which outlives the component: the first ones do.
  }, [url]);
  return connection;
}

export function hasEnded(operation: Operation): boolean {
  return operation.status !== 'pending' && operation.status !== 'running';
}

/** Keeps a workspace, its resources and its newest operation up to date. */
export function useWorkspaceEvents(name: string): Connection {
  const cache = useQueryClient();
  return useEventSource(apiPath`workspaces/${name}/events`, {
    workspace: (data) => {
      const before = cache.getQueryData<Workspace>(['workspace', name]);
      cache.setQueryData(['workspace', name], data as Workspace);
      if (before?.state !== (data as Workspace).state) {
        for (const key of ['workspaces', 'operations']) void cache.invalidateQueries({ queryKey: [key] });
        void cache.invalidateQueries({ queryKey: ['certificates', name] });
      }
    },
    resources: (data) => void cache.setQueryData(['resources', name], (data as { value: Resource[] }).value),
    operation: (data) => void cache.setQueryData(['newest-operation', name], data as Operation),
    problem: () => {
      void cache.invalidateQueries({ queryKey: ['workspace', name] });
      void cache.invalidateQueries({ queryKey: ['workspaces'] });
    },
  });
}

/** Keeps one operation up to date, until it ends. `id` null: none. */
export function useOperationEvents(id: string | null): Connection {
  const cache = useQueryClient();
  return useEventSource(id === null ? null : apiPath`operations/${id}/events`, {
    operation: (data) => {
      const operation = data as Operation;
      cache.setQueryData(['operation', operation.id], operation);
      if (!hasEnded(operation)) return false;
      for (const key of ['operations', 'workspaces', 'groups', 'nodes']) void cache.invalidateQueries({ queryKey: [key] });
      return true;
    },
  });
}
