// SPDX-License-Identifier: Apache-2.0
// The API's types with what some servers have and some have not: the console shows what is there.
import type * as schema from './schema';

export type Finding = {
  severity: 'error' | 'warning' | 'info';
  code: string;
  subject?: string;
  message: string;
  hint?: string;
};

export type Preflight = {
  passed: boolean;
  findings: Finding[];
  resources?: Array<{ type: string; name: string }>;
};

export type Step = schema.Step & {
  dependsOn?: string[];
  attempt?: number;
  retryAt?: string | null;
};
export type Operation = Omit<schema.Operation, 'steps' | 'status'> & {
  steps: Step[];
  status: schema.Operation['status'] | 'cancelled';
  cancelRequested?: boolean;
};

export type Workspace = schema.Workspace & {
  sku?: string;
  units?: number;
  eventHubs?: { partitions: number; retentionHours: number } | null;
  limits?: { messagesPerDay: number; devices: number; deployments: number };
};

export type Routing = {
  fallback: boolean;
  endpoints: Array<{ name: string; kind: string; health: string; lastError: string | null; lastSuccessAt: string | null }>;
  routes: Array<{ name: string; source: string; condition: string; endpoint: string; enabled: boolean; problem: string | null }>;
};

/** Endpoints, drift and prices are read with care: servers differ in how much they say. */
export type Resource = Omit<schema.Resource, 'endpoints' | 'drift' | 'monthlyEstimate'> & {
  endpoints?: unknown[];
  drift?: unknown;
  monthlyEstimate?: unknown;
};

/** How much of Azure's allowance is left, and who waits for it. */
export type Budget = {
  scope: string;
  name: string;
  limit: number;
  windowSeconds: number;
  remaining: number;
  heldUntil: string | null;
  waiting: Array<{ share: string; requests: number }>;
};

export type CloudAccount = schema.CloudAccount & { credential?: { kind: string } };

export type Location = { name: string; displayName?: string };

export type NewWorkspace = {
  name: string;
  location: string;
  cloudAccount?: string;
  sku?: string;
  units?: number;
  eventHubs?: { partitions?: number; retentionHours?: number };
};
