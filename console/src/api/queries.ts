// SPDX-License-Identifier: Apache-2.0
// What the screens read. Keys begin with the noun, so that an event or a change can renew what it touches.
import { infiniteQueryOptions, keepPreviousData, type QueryKey, queryOptions } from '@tanstack/react-query';
import { ApiError, api, apiPath } from './client';
import type { Budget, CloudAccount, Location, NewWorkspace, Operation, Preflight, Resource, Routing, Workspace } from './contract';
import type {
  Certificate, Composition, FleetSummary, Group, Node, NodeHealth, Organization,
} from './schema';

type List<T> = { value: T[] };

function list<T>(key: QueryKey, path: string) {
  return queryOptions({ queryKey: key, queryFn: async () => (await api.get<List<T>>(path)).value });
}

/** Which nodes; what is empty does not matter. */
export type NodeSelection = { search?: string; group?: string; health?: NodeHealth | undefined };
const NODES_AT_ONCE = 200;

export function selectionQuery(selection: NodeSelection, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(Object.entries({ ...selection, ...more }).filter(([, value]) => value) as [string, string][]).toString();
  return query === '' ? '' : `?${query}`;
}

export const organizations = list<Organization>(['organizations'], apiPath`organizations`);
export const cloudAccounts = list<CloudAccount>(['cloud-accounts'], apiPath`cloud-accounts`);
export const workspaces = list<Workspace>(['workspaces'], apiPath`workspaces`);
export const operations = list<Operation>(['operations'], apiPath`operations`);

export const workspace = (name: string) =>
  queryOptions({ queryKey: ['workspace', name], queryFn: () => api.get<Workspace>(apiPath`workspaces/${name}`) });
export const resources = (name: string) =>
  list<Resource>(['resources', name], apiPath`workspaces/${name}/resources`);
export const certificates = (name: string) =>
  list<Certificate>(['certificates', name], apiPath`workspaces/${name}/certificates`);
export const groups = (name: string) => list<Group>(['groups', name], apiPath`workspaces/${name}/groups`);
export const compositions = (name: string, group: string) =>
  list<Composition>(['compositions', name, group], apiPath`workspaces/${name}/groups/${group}/compositions`);
/** Page by page, by name. */
export const nodes = (name: string, selection: NodeSelection) =>
  infiniteQueryOptions({
    queryKey: ['nodes', name, selection],
    queryFn: ({ pageParam }) => api.get<{ value: Node[]; next: string | null }>(
      apiPath`workspaces/${name}/nodes` + selectionQuery(selection, { limit: String(NODES_AT_ONCE), after: pageParam })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
export const node = (name: string, which: string) =>
  queryOptions({ queryKey: ['nodes', name, 'one', which], queryFn: () => api.get<Node>(apiPath`workspaces/${name}/nodes/${which}`) });
export const fleet = (name: string, selection: NodeSelection) =>
  queryOptions({ queryKey: ['nodes', name, 'fleet', selection], queryFn: () => api.get<FleetSummary>(apiPath`workspaces/${name}/fleet` + selectionQuery(selection)), placeholderData: keepPreviousData });

export const operation = (id: string) =>
  queryOptions({ queryKey: ['operation', id], queryFn: () => api.get<Operation>(apiPath`operations/${id}`) });

/** Null when this server has no such thing. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.isAbsent) return null;
    throw error;
  }
}

/** The account's regions. */
export const locations = (account: string) =>
  queryOptions({
    queryKey: ['locations', account],
    enabled: account !== '',
    staleTime: 600_000,
    queryFn: async () => (await ifThere(api.get<List<Location>>(apiPath`cloud-accounts/${account}/locations`)))?.value ?? null,
  });

export const budgets = (account: string) =>
  queryOptions({
    queryKey: ['throttles', account],
    queryFn: async () => (await ifThere(api.get<List<Budget>>(apiPath`cloud-accounts/${account}/throttles`)))?.value ?? null,
  });

/** What stands in the way of a workspace: of all of it, else of what its account can tell; null when neither is known. */
export async function checkBeforehand(request: NewWorkspace, registerProviders = false): Promise<Preflight | null> {
  const { name: _, cloudAccount = '', ...wanted } = request;
  const whole = registerProviders ? null : await ifThere(api.post<Preflight>(apiPath`workspaces/preflight`, request));
  return whole ?? ifThere(api.post<Preflight>(apiPath`cloud-accounts/${cloudAccount}/preflight`, { ...wanted, registerProviders }));
}

/** Where the hub sends messages and whether they arrive: asked in the cloud, so not often. */
export const routing = (name: string) =>
  queryOptions({
    queryKey: ['routing', name],
    staleTime: 60_000,
    queryFn: () => ifThere(api.get<Routing>(apiPath`workspaces/${name}/routing`)),
  });

/** Whether an operation is about this workspace or something in it. */
export function concerns(workspaceName: string, target: string): boolean {
  return target === workspaceName || target.startsWith(`${workspaceName}/`);
}
