// SPDX-License-Identifier: Apache-2.0
// Made from src/api/openapi by `npm run types`; do not edit.

/** Resources that are used instead of new ones: full Azure ids in the account's subscription */
export type Adopted = {
  hub?: string;
  provisioningService?: string;
  storageAccount?: string;
  registry?: string;
} | null;

export type AuthorityRequest = {
  use: CertificateUse;
  workspace: string | null;
  subject: string;
  csr: string;
  createdAt: string;
};

export type AwaitedApproval = {
  status: "pending_approval";
  request_id: string;
  retry_after: number;
};

export type BlastRadius = {
  scope: "node" | "group" | "workspace";
  name: string;
  nodes: number;
  registered: number;
  connected: number;
  groups: string[];
  sample: string[];
  revoked: boolean;
  effects: string[];
  undo: string;
};

export type Budget = {
  scope: string;
  name: string;
  limit: number;
  windowSeconds: number;
  burst: number;
  remaining: number;
  heldUntil: string | null;
  waiting: Array<{
    share: string;
    requests: number;
  }>;
};

export type Caller = {
  user: string;
  role: Role;
  /** Its name */
  organization: string;
};

/** Of a group or of a node */
export type CapabilityEdit = {
  group?: string;
  node?: string;
  capability: string;
  present?: boolean;
};

export type Certificate = {
  id: string;
  subject: string;
  issuer: string;
  /** Of the issuing certificate, where it is known */
  issuerId: string | null;
  use: CertificateUse;
  /** Name of the organization, workspace, group or node */
  owner: string;
  state: CertificateState;
  origin: "ferry" | "signed-outside" | "imported";
  usedBy: string[];
  keyType: string;
  serial: string;
  notBefore: string;
  notAfter: string;
  revokedAt: string | null;
  revocationReason: string | null;
  sha256Thumbprint: string;
  pem: string;
};

export type CertificateBranch = {
  id: string;
  subject: string;
  issuer: string;
  /** Of the issuing certificate, where it is known */
  issuerId: string | null;
  use: CertificateUse;
  /** Name of the organization, workspace, group or node */
  owner: string;
  state: CertificateState;
  origin: "ferry" | "signed-outside" | "imported";
  usedBy: string[];
  keyType: string;
  serial: string;
  notBefore: string;
  notAfter: string;
  revokedAt: string | null;
  revocationReason: string | null;
  sha256Thumbprint: string;
  pem: string;
  /** That hold a valid certificate of it */
  nodes: number;
  below: CertificateBranch[];
};

export type CertificatePolicy = {
  caKey: KeyType;
  nodeKeys: KeyType[];
  nodeDays: number;
  own: CertificatePolicyChange;
};

/** Absent or null: as the level above has it */
export type CertificatePolicyChange = {
  caKey?: KeyType | null;
  nodeKeys?: KeyType[] | null;
  nodeDays?: number | null;
};

export type CertificateState = "next" | "active" | "retiring" | "retired";

export type CertificateUse = "organization-root" | "workspace-ca" | "group-ca" | "node" | "edge-ca" | "external-ca";

export type ChainFinding = {
  severity: "error" | "warning" | "info";
  rule: string;
  certificate: string;
  message: string;
  hint: string;
};

export type ChainVerdict = {
  verified: boolean;
  findings: ChainFinding[];
  path: string[];
};

/** Never with its secret */
export type CloudAccount = {
  id: string;
  name: string;
  environment: Environment;
  tenantId: string;
  subscriptionId: string;
  clientId: string;
  createdAt: string;
  credential: Credential;
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
  resolutions: Array<{
    kind: "align" | "drop" | "split";
    words: string;
    edits: Edit[];
    settings?: SettingEdit[];
    labels?: LabelEdit[];
    capabilities?: CapabilityEdit[];
  }>;
};

export type CreationPlan = {
  passed: boolean;
  findings: Finding[];
  resources: Array<{
    type: string;
    /** An x stands for each character that is drawn */
    name: string;
    /** add: to what is adopted */
    action: "create" | "adopt" | "add";
    /** By list price, where there is a fixed one */
    monthlyEstimate: {
      amount: number;
      currency: string;
      basis: string;
    } | null;
  }>;
};

/** Never with its secret */
export type Credential = {
  kind: "client-secret" | "client-certificate" | "managed-identity" | "workload-identity" | "device-code" | "azure-cli";
  clientId: string | null;
  tokenFile: string | null;
};

/** As az role definition create reads it */
export type CustomRole = {
  Name: string;
  IsCustom: boolean;
  Description: string;
  Actions: string[];
  NotActions: string[];
  DataActions: string[];
  NotDataActions: string[];
  AssignableScopes: string[];
};

export type DeletionItem = {
  type: string;
  name: string;
  azureId: string;
  action: "delete" | "keep";
  /** Why it is kept */
  reason: string | null;
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
  selector: string | null;
  configuration: Settings;
  createdAt: string;
};

export type DeploymentApplied = {
  /** The first of them */
  deployment: Deployment | null;
  /** Every deployment that was edited; one that went away has no components */
  deployments: Deployment[];
  plan: Plan;
  operation: Operation;
};

export type Drift = {
  /** Its key among the workspace's resources */
  resource: string;
  kind: "missing" | "changed" | "unlinked" | "key-changed";
  property: string;
  expected: string;
  actual: string;
  mendable: boolean;
  message: string;
};

/** What a deployment is to be; without components and groups it goes away */
export type Edit = {
  deployment: string;
  components: Array<{
    name: string;
    version: string;
  }>;
  groups?: string[];
  /** Targets groups by their labels: site=lyon,tier!=test */
  selector?: string;
  configuration?: Settings;
};

export type EffectiveSetting = {
  component: string;
  version: string;
  setting: string;
  /** null: nobody has set it, and there is no default */
  value: unknown;
  layer: "component" | "workspace" | "deployment" | "group" | "node";
  owner: string | null;
  /** null: this version does not know the setting */
  delivery: "env" | "twin" | null;
  /** Of the container */
  variable: string | null;
  type: string | null;
  description: string | null;
};

export type Enrollment = {
  id: string;
  name: string;
  group: string;
  prefix: string;
  pattern: string;
  approval: "manual" | "automatic";
  quota: number;
  used: number;
  pending: number;
  state: "active" | "used up" | "expired" | "revoked";
  expiresAt: string;
  createdAt: string;
};

export type EnrollmentTicket = {
  id: string;
  name: string;
  group: string;
  prefix: string;
  pattern: string;
  approval: "manual" | "automatic";
  quota: number;
  used: number;
  pending: number;
  state: "active" | "used up" | "expired" | "revoked";
  expiresAt: string;
  createdAt: string;
  token: string;
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

export type FailedRow = {
  name: string;
  error: {
    code: ErrorCode;
    message: string;
    hint: string;
  };
};

export type Finding = {
  severity: "error" | "warning" | "info";
  code: string;
  subject: string;
  message: string;
  hint: string;
};

export type FleetSummary = {
  total: number;
  byHealth: {
    "not-registered": number;
    offline: number;
    refused: number;
    failing: number;
    changing: number;
    online: number;
  };
};

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
  updated: PlannedUpdate[];
  restarted: Reconfigured[];
  reconfigured: Reconfigured[];
  removed: PlannedComponent[];
  unchanged: PlannedComponent[];
  /** What a node that runs what stands now would fetch */
  pulls: Array<{
    platform: string;
    nodes: number;
    bytes: number;
  }>;
  /** Nodes that still run an earlier composition, and what changes on them */
  behind: Array<{
    composition: number;
    nodes: number;
    added: PlannedComponent[];
    updated: PlannedUpdate[];
    restarted: Reconfigured[];
    reconfigured: Reconfigured[];
    removed: PlannedComponent[];
    unchanged: PlannedComponent[];
  }>;
  /** Registered nodes that get it when they come */
  offline: {
    count: number;
    names: string[];
  };
  /** Nodes that get it once they are registered */
  unregistered: {
    count: number;
    names: string[];
  };
  /** Nodes without the room for what is fetched, and how many have not said what they have */
  disk: {
    lacking: {
      count: number;
      names: string[];
    };
    unknown: number;
  };
  /** Nodes with settings of their own for which something else changes than for the group */
  apart: Array<{
    node: string;
    added: PlannedComponent[];
    updated: PlannedUpdate[];
    restarted: Reconfigured[];
    reconfigured: Reconfigured[];
    removed: PlannedComponent[];
    unchanged: PlannedComponent[];
  }>;
};

export type GroupStarted = {
  group: Group;
  operation: Operation;
};

export type Health = {
  status: "ok";
  version: string;
};

export type InstallerInfo = {
  programs: Array<{
    platform: string;
    sha256: string;
    size: number;
  }>;
  caPem: string;
  /** As curl's --pinnedpubkey takes it */
  publicKeyPin: string;
};

export type IssuedCertificate = {
  full_chain: string;
  /** Only without a csr */
  private_key?: string;
  device_payload: Record<string, unknown>;
  provisioning_host: string;
  id_scope: string;
  /** Only with a csr */
  renew_after?: string;
};

export type KeptPlan = {
  id: string;
  edits: Edit[];
  settings?: SettingEdit[];
  labels?: LabelEdit[];
  capabilities?: CapabilityEdit[];
  groups: GroupPlan[];
  conflicts: Conflict[];
  /** What forbids applying it */
  problems: string[];
  /** Worth knowing, in nobody's way */
  warnings: string[];
  /** How long it takes to tell the hub, at the rate that it allows; what nodes take is not in it */
  leastSeconds: number;
  applicable: boolean;
  createdAt: string;
  expiresAt: string;
  /** That applied it */
  operation: string | null;
};

export type KeyType = "ec-p256" | "ec-p384" | "rsa-2048" | "rsa-3072" | "rsa-4096";

export type LabelEdit = {
  group: string;
  label: string;
  /** null or absent: the group loses the label */
  value?: string | null;
};

export type LifeState = "provisioning" | "ready" | "failed" | "deleting";

export type Location = {
  name: string;
  displayName: string;
  geography: string | null;
};

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

export type MovePlan = {
  id: string;
  node: string;
  from: string;
  to: string;
  registered: boolean;
  added: Array<{
    component: string;
    version: string;
  }>;
  updated: Array<{
    component: string;
    from: string;
    to: string;
  }>;
  removed: Array<{
    component: string;
    version: string;
  }>;
  unchanged: Array<{
    component: string;
    version: string;
  }>;
};

export type NewCloudAccount = {
  name: string;
  /** URL whose /metadata/endpoints answers */
  resourceManager?: string;
  /** CA certificates to trust besides the system's */
  caPem?: string;
  tenantId?: string;
  subscriptionId: string;
  clientId?: string;
  clientSecret?: string;
  /** AzureCloud, AzureUSGovernment or AzureChinaCloud; or resourceManager */
  environment?: string;
  credential?: NewCredential;
};

export type NewCredential = {
  kind: "client-secret" | "client-certificate" | "managed-identity" | "workload-identity" | "device-code" | "azure-cli";
  /** Application id; of a user-assigned managed identity; may be absent for device-code, managed-identity, workload-identity and azure-cli */
  clientId?: string;
  /** Of client-secret */
  secret?: string;
  /** Of client-certificate: the certificate, its chain and its unencrypted RSA key */
  certificatePem?: string;
  sendCertificateChain?: boolean;
  /** Of workload-identity, on ferryd's machine */
  tokenFile?: string;
};

export type NewWorkspace = {
  name: string;
  location: string;
  /** May be absent when there is exactly one */
  cloudAccount?: string;
  sku?: "F1" | "S1" | "S2" | "S3";
  units?: number;
  eventHubs?: {
    partitions?: number;
    retentionHours?: number;
  } | null;
  identityBased?: boolean;
  adopt?: Adopted;
  /** Only says what would be done */
  plan?: boolean;
};

export type Node = {
  id: string;
  name: string;
  group: string;
  registrationId: string;
  health: NodeHealth;
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

export type NodeEvent = {
  number: number;
  at: string;
  name: string;
  action: string;
  actor: string;
  detail: string;
  subject: string;
};

export type NodeHealth = "not-registered" | "offline" | "refused" | "failing" | "changing" | "online";

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

export type OpenToken = {
  node: string;
  group: string;
  prefix: string;
  replaces: boolean;
  expired: boolean;
  createdAt: string;
  expiresAt: string;
};

export type Operation = {
  id: string;
  /** workspace.create, group.delete and so on */
  kind: string;
  /** The name of the thing, `plant-a` or `plant-a/line-1` */
  target: string;
  status: RunState;
  cancelRequested: boolean;
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
  /** What forbids applying it */
  problems: string[];
  /** Worth knowing, in nobody's way */
  warnings: string[];
  /** How long it takes to tell the hub, at the rate that it allows; what nodes take is not in it */
  leastSeconds: number;
  applicable: boolean;
};

export type PlannedComponent = {
  component: string;
  version: string;
};

export type PlannedUpdate = {
  component: string;
  from: string;
  to: string;
  settings: SettingChange[];
};

export type PreflightReport = {
  passed: boolean;
  findings: Finding[];
};

export type Problem = {
  error: Error;
};

/** The same version with other settings */
export type Reconfigured = {
  component: string;
  version: string;
  settings: SettingChange[];
};

export type RegistrationPolicy = {
  set: {
    serverKeys: boolean | null;
    graceDays: number | null;
    late: string | null;
    tokenHours: number | null;
    edgeCa: boolean | null;
  };
  effective: {
    serverKeys: boolean;
    graceDays: number;
    late: "approve" | "refuse";
    tokenHours: number;
    edgeCa: boolean;
  };
};

export type RegistrationRequest = {
  id: string;
  kind: "enrollment" | "recovery";
  name: string;
  device: string;
  address: string;
  why: string;
  state: "pending" | "approved" | "rejected";
  note: string;
  decidedBy: string;
  createdAt: string;
  decidedAt: string | null;
};

export type RegistrationStatus = {
  registration_id: string;
  state: "active";
  renew_after: string;
  check_after: number;
  certificate: {
    thumbprint: string;
    not_after: string;
  };
  device_payload: Record<string, unknown>;
  provisioning_host: string;
  id_scope: string;
};

export type RenewedCertificate = {
  full_chain: string;
  registration_id: string;
  renew_after: string;
  reprovision: boolean;
  device_payload: Record<string, unknown>;
  provisioning_host: string;
  id_scope: string;
};

export type Resource = {
  /** Azure's resource type */
  type: string;
  name: string;
  azureId: string | null;
  region: string;
  state: ResourceState;
  origin: "created" | "adopted";
  sku: string | null;
  endpoints: string[];
  portalUrl: string | null;
  createdAt: string;
  lastVerifiedAt: string | null;
  /** What the last verification found; null until somebody has looked */
  drift: Drift[] | null;
  /** By list price, where there is a fixed one */
  monthlyEstimate: {
    amount: number;
    currency: string;
    basis: string;
  } | null;
};

export type ResourceState = "planned" | "creating" | "ready" | "failed" | "deleting";

export type Revocation = {
  scope: string;
  name: string;
  reason: string;
  revokedBy: string;
  revokedAt: string;
};

export type Role = "Owner" | "Operator" | "Viewer";

export type Rollout = {
  id: string;
  deployments: string[];
  plan: string | null;
  startedBy: string;
  policy: RolloutPolicy;
  state: "preparing" | "running" | "soaking" | "paused" | "promoting" | "returning" | "done" | "aborted" | "returned";
  pausedFrom: string | null;
  /** That is let in, from 1; 0 while it is being prepared */
  wave: number;
  since: string;
  /** Why it is paused or went back */
  reason: string | null;
  /** What keeps it from going on just now */
  trouble: string | null;
  waves: Array<{
    name: string;
    state: "waiting" | "open" | "passed" | "closed";
    nodes: number;
    verdicts: Record<string, number>;
  }>;
  groups: Array<{
    group: string;
    composition: number;
    previous: number;
    reached: "nothing" | "waves" | "everybody";
    returned: boolean;
    lateJoiners: number;
  }>;
  /** The first twenty nodes that are neither done nor on the way */
  troubled: RolloutNode[];
  events: Array<{
    at: string;
    what: string;
  }>;
  startedAt: string;
  finishedAt: string | null;
};

export type RolloutBegun = {
  rollout: Rollout;
  plan: Plan;
};

export type RolloutNode = {
  node: string;
  group: string;
  wave: number;
  /** null before its wave has come */
  verdict: "pending" | "downloading" | "done" | "crash-looping" | "unhealthy" | "returned" | "offline" | null;
  reason: string | null;
  since: string | null;
  /** Somebody promoted in spite of it */
  forgiven: boolean;
};

/** How a rollout goes; docs/api.md tells what each member means */
export type RolloutPolicy = {
  canaries?: string[];
  /** 5%, 10 or group=line-1; shares count from the beginning */
  waves?: string[];
  soak?: string;
  success?: string;
  maxFailures?: string;
  onFailure?: "return" | "pause";
  scope?: "fleet" | "group";
  patience?: string;
  deadline?: string;
};

export type Rollover = {
  id: string;
  use: CertificateUse;
  target: string;
  state: "preparing" | "following" | "leaving" | "finished";
  forced: boolean;
  cancelled: boolean;
  leaving: RolloverAuthority;
  arriving: RolloverAuthority | null;
  nodes: number;
  remaining: number;
  /** Below the leaving one and still in use */
  authorities: number;
  remainingNodes: string[];
  nodesPerMinute: number;
  operation: string;
  startedAt: string;
  switchedAt: string | null;
  finishedAt: string | null;
};

export type RolloverAuthority = {
  id: string;
  subject: string;
  sha256Thumbprint: string;
  notAfter: string;
};

export type RolloverStarted = {
  rollover: Rollover;
  operation: Operation;
};

export type Routing = {
  /** What no route takes goes to the built-in endpoint */
  fallback: boolean;
  endpoints: Array<{
    name: string;
    kind: "built-in" | "event-hub";
    health: string;
    lastError: string | null;
    lastSuccessAt: string | null;
  }>;
  routes: Array<{
    name: string;
    source: string;
    condition: string;
    endpoint: string;
    enabled: boolean;
    problem: string | null;
  }>;
};

export type RunState = "pending" | "running" | "succeeded" | "failed" | "cancelled";

export type Session = {
  user: string;
  role: Role;
  organization: string;
  /** For the header X-Ferry-CSRF */
  csrf: string;
  expiresAt: string;
};

export type Setting = {
  layer: "workspace" | "deployment" | "group" | "node";
  /** The deployment, group or node */
  owner: string | null;
  component: string;
  setting: string;
  value: unknown;
};

export type SettingChange = {
  setting: string;
  /** null: it was not set */
  from: unknown;
  /** null: it is set no more */
  to: unknown;
};

/** What the workspace, a group or a node says of a setting */
export type SettingEdit = {
  layer: "workspace" | "group" | "node";
  /** The group or node */
  owner?: string;
  component: string;
  setting: string;
  /** null or absent: it says nothing any more */
  value?: unknown;
};

/** By component, its settings and their values */
export type Settings = Record<string, Record<string, unknown>>;

export type SignIn = {
  id: string;
  status: "running" | "succeeded" | "failed";
  userCode: string;
  verificationUri: string;
  /** For the person who signs in */
  message: string;
  expiresAt: string;
  /** Name of the account, once it is connected */
  cloudAccount: string | null;
  error: Record<string, unknown> | null;
};

export type SignInStarted = {
  signIn: SignIn;
};

export type Step = {
  name: string;
  /** Names of the steps that must have succeeded before */
  dependsOn: string[];
  status: RunState;
  /** What it is doing, or what came of it */
  detail: string;
  /** The present or last one; 0 before the first */
  attempt: number;
  /** When the next attempt is due */
  retryAt: string | null;
  startedAt: string | null;
  finishedAt: string | null;
};

export type Traits = {
  labels: Record<string, string>;
  capabilities: string[];
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
  /** Of the IoT Hub */
  sku: string;
  units: number;
  eventHubs: {
    partitions: number;
    retentionHours: number;
  } | null;
  /** The hub reaches the event hub by its identity */
  identityBased: boolean;
  adopt: Adopted;
  /** The IoT hubs, and how many node groups are placed on each */
  hubs: Array<{
    name: string;
    /** Null until it stands */
    host: string | null;
    groups: number;
    /** How many it takes */
    room: number;
  }>;
  /** What the hub's tier allows, for all units together */
  limits: {
    messagesPerDay: number;
    devices: number;
    deployments: number;
    endpoints: number;
    routes: number;
  };
  createdAt: string;
};

export type WorkspaceStarted = {
  workspace: Workspace;
  operation: Operation;
};

export type WorkspaceToBe = {
  location?: string;
  sku?: string;
  units?: number;
  eventHubs?: boolean | Record<string, unknown>;
  identityBased?: boolean;
  /** Consent to register resource providers */
  registerProviders?: boolean;
  adopt?: Adopted;
};
