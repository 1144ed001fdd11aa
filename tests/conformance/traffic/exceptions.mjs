// SPDX-License-Identifier: Apache-2.0
// Where Azure itself, as recorded, differs from its descriptions, or a description is wrong, and what no
// description covers. Everything here has its reason; whatever else differs fails.

// Services whose traffic no description carried here covers.
export const undescribedHosts = [
  { host: /^login\./, reason: 'Entra ID has no description; its shapes are checked by the clients of tests/conformance' },
  { host: /^portal\./, reason: 'a page for people' },
  { host: /\.azure-devices\.[^.]+\.localhost$/, reason: 'IoT Hub publishes no description of its data plane' },
  { host: /^global\.azure-devices-provisioning\./, reason: "the description of DPS's device API is not carried" },
  { host: /\.blob\.core\./, reason: 'XML and headers; Azurite and @azure/storage-blob check it' },
  { host: /\.servicebus\./, reason: 'AMQP behind WebSockets' },
  { host: /^(localhost|[\d.]+)$/, reason: 'not one of the services: metadata for managed identities' },
];

// Operations of described services that no description knows: `path` in lower case.
export const undescribedOperations = [
  { path: /^\/metadata\/endpoints$/, reason: 'Resource Manager describes it nowhere' },
  {
    path: /\/(operationresults|operationstatuses|asyncoperations|provisioningserviceoperationresults|operationstatus)\/[^/]+$/,
    poll: true,
    reason: 'polls of long operations are opaque URLs; long_operations.mjs follows them',
  },
  {
    path: /^\/v2\//,
    reason: 'the OCI distribution protocol: skopeo, docker and docker-registry check it; ACR describes it with paths that match all',
  },
  {
    method: 'GET', path: /^\/subscriptions\/[^/]+\/providers\/microsoft\.authorization\/permissions$/,
    reason: 'described for resource groups and resources only; answered for every scope',
  },
  { method: 'GET', path: /^\/oauth2\/token$/, reason: 'the Docker token protocol, which the registry speaks beside its own' },
];

// Clients send versions whose description is not carried: they are held against the nearest that is.
export const versionStandIns = [
  { path: /\/microsoft\.devices\//, from: '2022-02-05', to: '2022-12-12', reason: '@azure/arm-deviceprovisioningservices' },
  { path: /\/microsoft\.containerregistry\/registries/, from: '2020-11-01-preview', to: '2023-07-01', reason: 'tokens and scope maps of azure-cli' },
  { path: /\/microsoft\.containerregistry\//, from: '2025-11-01', to: '2023-07-01', reason: '@azure/arm-containerregistry' },
  { path: /\/microsoft\.storage\//, from: '2025-08-01', to: '2023-05-01', reason: '@azure/arm-storage' },
  { path: /^\/subscriptions\/[^/]+\/(resourcegroups|providers|resources)/, from: '2025-04-01', to: '2024-07-01', reason: '@azure/arm-resources' },
];

// Differences that are right. `operation` matches "METHOD /path"; `at` the place in the body.
export const differences = [
  {
    operation: /\/providers\/Microsoft\.Devices\/(IotHubs|provisioningServices)/i, code: 'OBJECT_ADDITIONAL_PROPERTIES',
    at: /\/(subscriptionid|resourcegroup)$/,
    reason: 'both services answer these two members and describe neither (recordings of azure-cli)',
  },
  {
    operation: /^POST .*\/provisioningServices\/[^/]+(\/keys\/[^/]+)?\/listkeys$/i, code: 'ENUM_MISMATCH', at: /\/rights$/,
    reason: 'the enumeration lacks "ServiceConfig, EnrollmentWrite, DeviceConnect", the rights of the policy made by default',
  },
  {
    operation: /^POST .*\/storageAccounts\/[^/]+\/(listKeys|regenerateKey)$/i, code: 'ENUM_CASE_MISMATCH', at: /\/permissions$/,
    reason: 'described as "Full", answered as "FULL" (recordings of azure-cli)',
  },
  {
    operation: /^GET \/subscriptions\/[^/]+\/providers(\/[^/]+)?$|\/register$/i, code: 'OBJECT_ADDITIONAL_PROPERTIES',
    at: /\/authorizations$/,
    reason: 'answered, and not described (recordings of azure-cli)',
  },
  {
    operation: /^GET \/(subscriptions|tenants)$/, code: 'OBJECT_MISSING_REQUIRED_PROPERTY', at: /\/nextLink$/,
    reason: 'the last page has no next link',
  },
  {
    operation: /^GET \/subscriptions$/, code: 'OBJECT_ADDITIONAL_PROPERTIES', at: /\/count$/,
    reason: 'answered, and not described',
  },
  {
    operation: /^(PUT|PATCH) /, code: 'READONLY_PROPERTY_NOT_ALLOWED_IN_REQUEST',
    reason: 'services ignore what is read-only; clients that read, change and write back send it',
  },
  {
    operation: /\/IotHubs(\/[^/]+)?$/i, code: 'SECRET_PROPERTY', at: /\/connectionString$/,
    reason: 'answered with its key masked (recordings of azure-cli); long_operations.mjs looks for the mask',
  },
  {
    operation: /^PUT .*\/IotHubs\/[^/]+$/i, code: 'ENUM_CASE_MISMATCH', at: /\/routing\/routes\/\d+\/source$/,
    reason: 'azure-cli sends "devicemessages", and the service takes it',
  },
  {
    operation: /^DELETE .*\/IotHubs\/[^/]+$/i, code: 'INVALID_CONTENT_TYPE',
    reason: 'the answer is empty (recordings of azure-cli), though older versions describe a hub',
  },
  {
    operation: /\/enrollment(Groups|s)\//i, code: 'INVALID_TYPE', at: /\/initialTwin\/(tags|properties\/desired)\//,
    reason: "the description takes a twin collection's values for objects; they are any JSON",
  },
  {
    operation: /^POST \/(registrations|enrollmentGroups|enrollments)\/.*query$/i, code: 'INVALID_CONTENT_TYPE',
    reason: 'the description forgets what this operation consumes',
  },
];
