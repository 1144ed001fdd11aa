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
export type Operation = Omit<schema.Operation, 'steps'> & { steps: Step[] };

export type Resource = schema.Resource & {
  sku?: string | null;
  endpoints?: unknown[];
  lastVerifiedAt?: string | null;
  drift?: unknown;
  origin?: string | null;
  monthlyEstimate?: unknown;
};

export type Location = { name: string; displayName?: string };

export type NewWorkspace = {
  name: string;
  location: string;
  cloudAccount?: string;
  sku?: string;
  units?: number;
  eventHubs?: { partitions?: number; retentionHours?: number };
};
