// SPDX-License-Identifier: Apache-2.0
// Made from src/api/openapi by `npm run types`; do not edit.

export type Caller = {
  user: string;
  role: Role;
  /** Its name */
  organization: string;
};

export type Certificate = {
  subject: string;
  issuer: string;
  use: CertificateUse;
  notBefore: string;
  notAfter: string;
  sha256Thumbprint: string;
  pem: string;
};

export type CertificateUse = "organization-root" | "workspace-ca" | "group-ca" | "node";

/** Never with its secret */
export type CloudAccount = {
  id: string;
  name: string;
  environment: Environment;
  tenantId: string;
  subscriptionId: string;
  clientId: string;
  createdAt: string;
};

export type Component = {
  name: string;
  versions: ComponentVersion[];
};

export type ComponentVersion = {
  version: string;
  state: VersionState;
  image: string | null;
  digest: string | null;
  error: string | null;
  files: Array<{
    path: string;
    size: number;
    sha256: string;
  }>;
  createdAt: string;
  publishedAt: string | null;
};

export type Composition = {
  version: number;
  components: Array<{
    name: string;
    version: string;
    image: string;
  }>;
  configuration: string;
  current: boolean;
  createdAt: string;
};

export type Conflict = {
  group: string;
  component: string;
  nodes: number;
  versions: Array<{
    version: string;
    deployments: string[];
  }>;
  resolutions: string[];
};

export type Deployment = {
  id: string;
  name: string;
  revision: number;
  components: Array<{
    name: string;
    version: string;
  }>;
  groups: string[];
  createdAt: string;
};

export type DeploymentApplied = {
  deployment: Deployment;
  plan: Plan;
  operation: Operation;
};

export type Environment = {
  name: string;
  resourceManager: string;
  activeDirectory: string;
  portal: string;
  suffixes: {
    storage: string;
    acrLoginServer: string;
    iotHub: string;
    deviceProvisioning: string;
    serviceBus: string;
  };
};

export type Error = {
  code: ErrorCode;
  message: string;
  /** What to do next; may be empty */
  hint: string;
  /** More for programs; of a refused deployment its plan */
  details: Record<string, unknown>;
};

export type ErrorCode = "invalid_argument" | "unauthenticated" | "permission_denied" | "not_found" | "conflict" | "precondition_failed" | "resource_exhausted" | "unavailable" | "deadline_exceeded" | "cancelled" | "unsupported" | "internal";

export type Group = {
  id: string;
  name: string;
  state: LifeState;
  nodeCount: number;
  enrollmentGroup: string | null;
  pullCredential: string | null;
  configuration: string | null;
  compositionVersion: number;
  createdAt: string;
};

export type GroupPlan = {
  group: string;
  nodes: number;
  manifestBytes: number;
  manifestLimit: number;
  added: PlannedComponent[];
  updated: Array<{
    component: string;
    from: string;
    to: string;
  }>;
  removed: PlannedComponent[];
  unchanged: PlannedComponent[];
};

export type GroupStarted = {
  group: Group;
  operation: Operation;
};

export type Health = {
  status: "ok";
  version: string;
};

export type IssuedCertificate = {
  full_chain: string;
  /** Only without a csr */
  private_key?: string;
  device_payload: Record<string, unknown>;
  provisioning_host: string;
  id_scope: string;
};

export type LifeState = "provisioning" | "ready" | "failed" | "deleting";

export type Module = {
  name: string;
  version: string;
  status: string;
  runtimeStatus: string;
  exitCode: number;
  restartCount: number;
  image: string;
  imageDigest: string | null;
  lastStartTime: string | null;
};

export type NewCloudAccount = {
  name: string;
  /** URL whose /metadata/endpoints answers */
  resourceManager: string;
  /** CA certificates to trust besides the system's */
  caPem?: string;
  tenantId: string;
  subscriptionId: string;
  clientId: string;
  clientSecret: string;
};

export type NewWorkspace = {
  name: string;
  location: string;
  /** May be absent when there is exactly one */
  cloudAccount?: string;
};

export type Node = {
  id: string;
  name: string;
  group: string;
  registrationId: string;
  registered: boolean;
  registeredAt: string | null;
  connected: boolean;
  lastReportedAt: string | null;
  compositionVersion: number;
  /** What the device made of its last desired properties */
  desiredStatus: {
    code: number;
    description: string;
  } | null;
  modules: Module[];
  createdAt: string;
};

export type NodeSession = {
  access_token: string;
  registration_id: string;
};

export type NodeTicket = {
  id: string;
  name: string;
  group: string;
  registrationId: string;
  /** One-time; only its hash is kept */
  token: string;
  expiresAt: string;
};

export type Operation = {
  id: string;
  /** workspace.create, group.delete and so on */
  kind: string;
  /** The name of the thing, `plant-a` or `plant-a/line-1` */
  target: string;
  status: RunState;
  steps: Step[];
  error: Error | null;
  createdAt: string;
  finishedAt: string | null;
};

export type Organization = {
  id: string;
  name: string;
  createdAt: string;
};

export type Plan = {
  groups: GroupPlan[];
  conflicts: Conflict[];
  problems: string[];
  applicable: boolean;
};

export type PlannedComponent = {
  component: string;
  version: string;
};

export type Problem = {
  error: Error;
};

export type Resource = {
  /** Azure's resource type */
  type: string;
  name: string;
  azureId: string | null;
  region: string;
  state: ResourceState;
  portalUrl: string | null;
  createdAt: string;
};

export type ResourceState = "planned" | "creating" | "ready" | "failed" | "deleting";

export type Role = "Owner" | "Operator" | "Viewer";

export type RunState = "pending" | "running" | "succeeded" | "failed";

export type Session = {
  user: string;
  role: Role;
  organization: string;
  /** For the header X-Ferry-CSRF */
  csrf: string;
  expiresAt: string;
};

export type Step = {
  name: string;
  status: RunState;
  /** What it is doing, or what came of it */
  detail: string;
  startedAt: string | null;
  finishedAt: string | null;
};

export type VersionState = "draft" | "publishing" | "published" | "failed";

export type Workspace = {
  id: string;
  name: string;
  /** Azure region */
  location: string;
  /** Its name */
  cloudAccount: string;
  state: LifeState;
  createdAt: string;
};

export type WorkspaceStarted = {
  workspace: Workspace;
  operation: Operation;
};
