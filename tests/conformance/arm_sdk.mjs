// SPDX-License-Identifier: Apache-2.0
// What the JavaScript management SDKs do with the resources of a workspace: see arm_sdk.sh.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { ClientSecretCredential } = require('@azure/identity');
const { ResourceManagementClient } = require('@azure/arm-resources');
const { SubscriptionClient } = require('@azure/arm-resources-subscriptions');
const { IotHubClient } = require('@azure/arm-iothub');
const { IotDpsClient } = require('@azure/arm-deviceprovisioningservices');
const { StorageManagementClient } = require('@azure/arm-storage');
const { ContainerRegistryManagementClient } = require('@azure/arm-containerregistry');
const { EventHubManagementClient } = require('@azure/arm-eventhub');
const { AuthorizationManagementClient } = require('@azure/arm-authorization');

const work = process.env.CONFORMANCE_WORK;
const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`));
const robot = JSON.parse(readFileSync(`${work}/robot.json`));
const { subscriptionId } = environment;
const credentialOf = (clientId, secret) => new ClientSecretCredential(
  environment.tenantId, clientId, secret, { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
const credential = credentialOf(environment.clientId, environment.clientSecret);
const options = { endpoint: environment.resourceManager, retryOptions: { maxRetries: 0 } };
const quick = { updateIntervalInMs: 20 };
const make = (Client, who = credential) => new Client(who, subscriptionId, options);

const location = 'westeurope';
const group = 'sdk';
const namesOf = async (pages) => {
  const names = [];
  for await (const item of pages) names.push(item.name);
  return names;
};

const resources = make(ResourceManagementClient);
const hubs = make(IotHubClient);
const provisioning = make(IotDpsClient);
const storage = make(StorageManagementClient);
const registries = make(ContainerRegistryManagementClient);
const events = make(EventHubManagementClient);

await check('arm-resources-subscriptions: subscriptions, tenants, locations', async () => {
  const client = new SubscriptionClient(credential, options);
  const found = await client.subscriptions.get(subscriptionId);
  assert.equal(found.tenantId, environment.tenantId);
  const listed = [];
  for await (const item of client.subscriptions.list()) listed.push(item.subscriptionId);
  assert.deepEqual(listed, [subscriptionId]);
  for await (const tenant of client.tenants.list()) assert.equal(tenant.tenantId, environment.tenantId);
  assert.ok((await namesOf(client.subscriptions.listLocations(subscriptionId))).includes(location));
});

await check('arm-resources: groups, providers', async () => {
  const made = await resources.resourceGroups.createOrUpdate(group, { location, tags: { team: 'edge' } });
  assert.equal(made.properties.provisioningState, 'Succeeded');
  assert.equal((await resources.resourceGroups.checkExistence(group)).body, true);
  assert.equal((await resources.resourceGroups.checkExistence('nowhere')).body, false);
  const updated = await resources.resourceGroups.update(group, { tags: { plant: 'a' } });
  assert.equal(updated.tags.plant, 'a');
  assert.ok((await namesOf(resources.resourceGroups.list())).includes(group));
  const provider = await resources.providers.register('Microsoft.Devices');
  assert.equal(provider.namespace, 'Microsoft.Devices');
  let state = provider.registrationState;
  for (let looks = 0; state === 'Registering' && looks < 50; ++looks) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    state = (await resources.providers.get('Microsoft.Devices')).registrationState;
  }
  assert.equal(state, 'Registered');
});

await check('an error has its code and its status', async () => {
  const error = await resources.resourceGroups.get('nowhere').catch((caught) => caught);
  assert.equal(error.code, 'ResourceGroupNotFound');
  assert.equal(error.statusCode, 404);
});

let hubKey;
await check('arm-iothub: create, get, list, keys, quota, names', async () => {
  assert.equal((await hubs.iotHubResource.checkNameAvailability({ name: 'sdk-hub' })).nameAvailable, true);
  const hub = await hubs.iotHubResource.beginCreateOrUpdateAndWait(group, 'sdk-hub', {
    location, sku: { name: 'S1', capacity: 1 },
    properties: { eventHubEndpoints: { events: { partitionCount: 4, retentionTimeInDays: 1 } }, minTlsVersion: '1.2' } }, quick);
  assert.equal(hub.properties.state, 'Active');
  assert.equal(hub.properties.hostName, `sdk-hub.${environment.suffixes.iotHub}`);
  assert.equal((await hubs.iotHubResource.checkNameAvailability({ name: 'sdk-hub' })).nameAvailable, false);
  assert.deepEqual(await namesOf(hubs.iotHubResource.listByResourceGroup(group)), ['sdk-hub']);
  assert.deepEqual(await namesOf(hubs.iotHubResource.listBySubscription()), ['sdk-hub']);
  const keys = [];
  for await (const key of hubs.iotHubResource.listKeys(group, 'sdk-hub')) keys.push(key.keyName);
  assert.deepEqual(keys.sort(), ['device', 'iothubowner', 'registryRead', 'registryReadWrite', 'service']);
  hubKey = (await hubs.iotHubResource.getKeysForKeyName(group, 'sdk-hub', 'iothubowner')).primaryKey;
  assert.ok((await namesOf(hubs.iotHubResource.listQuotaMetrics(group, 'sdk-hub'))).includes('TotalDeviceCount'));
  const stats = await hubs.iotHubResource.getStats(group, 'sdk-hub');
  assert.equal(stats.totalDeviceCount, 0);
});

await check('arm-iothub: tags, and a change under the ETag', async () => {
  const tagged = await hubs.iotHubResource.beginUpdateAndWait(group, 'sdk-hub', { tags: { ferry: 'plant-a' } }, quick);
  assert.equal(tagged.tags.ferry, 'plant-a');
  const hub = await hubs.iotHubResource.get(group, 'sdk-hub');
  const stale = await hubs.iotHubResource.beginCreateOrUpdateAndWait(
    group, 'sdk-hub', hub, { ...quick, ifMatch: 'AAAAAAAAAAA=' }).catch((caught) => caught);
  assert.equal(stale.statusCode, 412);
  const changed = await hubs.iotHubResource.beginCreateOrUpdateAndWait(
    group, 'sdk-hub', { ...hub, sku: { name: 'S1', capacity: 2 } }, { ...quick, ifMatch: hub.etag });
  assert.equal(changed.sku.capacity, 2);
});

await check('arm-iothub: consumer groups', async () => {
  await hubs.iotHubResource.createEventHubConsumerGroup(group, 'sdk-hub', 'events', 'ferry', { properties: { name: 'ferry' } });
  assert.deepEqual((await namesOf(hubs.iotHubResource.listEventHubConsumerGroups(group, 'sdk-hub', 'events'))).sort(), ['$Default', 'ferry']);
  await hubs.iotHubResource.deleteEventHubConsumerGroup(group, 'sdk-hub', 'events', 'ferry');
});

await check('arm-eventhub: namespace, event hub, rule, keys, consumer group', async () => {
  assert.equal((await events.namespaces.checkNameAvailability({ name: 'sdk-events' })).nameAvailable, true);
  const namespace = await events.namespaces.beginCreateOrUpdateAndWait(group, 'sdk-events', {
    location, sku: { name: 'Standard', tier: 'Standard', capacity: 1 }, minimumTlsVersion: '1.2' }, quick);
  assert.equal(namespace.provisioningState, 'Succeeded');
  const hub = await events.eventHubs.createOrUpdate(group, 'sdk-events', 'telemetry', {
    partitionCount: 4, retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 24 } });
  assert.equal(hub.partitionIds.length, 4);
  await events.eventHubs.createOrUpdateAuthorizationRule(group, 'sdk-events', 'telemetry', 'hub-send', { rights: ['Send'] });
  const keys = await events.eventHubs.listKeys(group, 'sdk-events', 'telemetry', 'hub-send');
  assert.match(keys.primaryConnectionString, /;EntityPath=telemetry$/);
  await events.consumerGroups.createOrUpdate(group, 'sdk-events', 'telemetry', 'analytics', {});
  assert.deepEqual((await namesOf(events.consumerGroups.listByEventHub(group, 'sdk-events', 'telemetry'))).sort(), ['$Default', 'analytics']);

  const { properties, ...rest } = await hubs.iotHubResource.get(group, 'sdk-hub');
  const routing = {
    ...properties.routing,
    endpoints: { ...properties.routing.endpoints, eventHubs: [{ name: 'fleet', connectionString: keys.primaryConnectionString, subscriptionId, resourceGroup: group }] },
    routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['fleet'], isEnabled: true }],
    enrichments: [{ key: 'group', value: '$twin.tags.group', endpointNames: ['fleet'] }],
  };
  const routed = await hubs.iotHubResource.beginCreateOrUpdateAndWait(
    group, 'sdk-hub', { ...rest, properties: { ...properties, routing } }, { ...quick, ifMatch: rest.etag });
  assert.equal(routed.properties.routing.routes[0].name, 'all');
  assert.equal(routed.properties.routing.fallbackRoute.isEnabled, true);
  assert.match(routed.properties.routing.endpoints.eventHubs[0].connectionString, /SharedAccessKey=\*\*\*\*/);
});

await check('arm-deviceprovisioningservices: create with a linked hub, keys, certificate by proof of possession', async () => {
  const free = await provisioning.iotDpsResource.checkProvisioningServiceNameAvailability({ name: 'sdk-dps' });
  assert.equal(free.nameAvailable, true);
  const connectionString = `HostName=sdk-hub.${environment.suffixes.iotHub};SharedAccessKeyName=iothubowner;SharedAccessKey=${hubKey}`;
  const service = await provisioning.iotDpsResource.beginCreateOrUpdateAndWait(group, 'sdk-dps', {
    location, sku: { name: 'S1', capacity: 1 }, properties: { iotHubs: [{ connectionString, location }] } }, quick);
  assert.match(service.properties.idScope, /^0ne[0-9A-F]{8}$/);
  assert.equal(service.properties.iotHubs[0].name, `sdk-hub.${environment.suffixes.iotHub}`);
  const rights = [];
  for await (const key of provisioning.iotDpsResource.listKeys('sdk-dps', group)) rights.push(key.rights);
  assert.deepEqual(rights, ['ServiceConfig, EnrollmentWrite, DeviceConnect']);

  const pem = readFileSync(`${work}/plant.pem`);
  const base64 = Buffer.from(pem).toString('base64');
  const made = await provisioning.dpsCertificate.createOrUpdate(group, 'sdk-dps', 'plant', { properties: { certificate: pem } });
  assert.equal(made.properties.isVerified, false, base64);
  const challenge = await provisioning.dpsCertificate.generateVerificationCode('plant', made.etag, group, 'sdk-dps');
  const leaf = execFileSync('bash', ['-c', `openssl req -new -newkey rsa:2048 -nodes -subj /CN=$1 -keyout "$2/proof.key" 2>/dev/null |
    openssl x509 -req -CA "$2/plant.pem" -CAkey "$2/plant.key" -CAcreateserial -days 2 2>/dev/null`, 'proof', challenge.properties.verificationCode, work]);
  const verified = await provisioning.dpsCertificate.verifyCertificate(
    'plant', challenge.etag, group, 'sdk-dps', { certificate: leaf.toString() });
  assert.equal(verified.properties.isVerified, true);
});

await check('arm-storage: account, keys', async () => {
  assert.equal((await storage.storageAccounts.checkNameAvailability({ name: 'sdkstorage', type: 'Microsoft.Storage/storageAccounts' })).nameAvailable, true);
  const account = await storage.storageAccounts.beginCreateAndWait(group, 'sdkstorage', {
    location, kind: 'StorageV2', sku: { name: 'Standard_LRS' }, minimumTlsVersion: 'TLS1_2', allowBlobPublicAccess: false }, quick);
  assert.equal(account.provisioningState, 'Succeeded');
  assert.equal(account.minimumTlsVersion, 'TLS1_2');
  const { keys } = await storage.storageAccounts.listKeys(group, 'sdkstorage');
  assert.equal(keys.length, 2);
});

await check('arm-containerregistry: registry, scope map, token, credentials', async () => {
  const registry = await registries.registries.beginCreateAndWait(group, 'sdkregistry', {
    location, sku: { name: 'Standard' }, adminUserEnabled: false }, quick);
  assert.match(registry.loginServer, /^sdkregistry\./);
  const map = await registries.scopeMaps.beginCreateAndWait(group, 'sdkregistry', 'line-1-pull', {
    actions: ['repositories/line-1/content/read', 'repositories/line-1/metadata/read'] }, quick);
  const token = await registries.tokens.beginCreateAndWait(group, 'sdkregistry', 'line-1', { scopeMapId: map.id, status: 'enabled' }, quick);
  const made = await registries.registries.beginGenerateCredentialsAndWait(
    group, 'sdkregistry', { tokenId: token.id, name: 'password1' }, quick);
  assert.equal(made.username, 'line-1');
  assert.ok(made.passwords[0].value.length > 20);
  const refused = await registries.registries.listCredentials(group, 'sdkregistry').catch((caught) => caught);
  assert.equal(refused.statusCode, 400);
});

await check('arm-authorization: a role opens what was closed', async () => {
  const stranger = make(ResourceManagementClient, credentialOf(robot.clientId, robot.clientSecret));
  const refused = await stranger.resourceGroups.get(group).catch((caught) => caught);
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.code, 'AuthorizationFailed');
  const authorization = make(AuthorizationManagementClient);
  const scope = `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
  const reader = (await authorization.roleDefinitions.list(scope, { filter: "roleName eq 'Reader'" }).next()).value;
  const assignment = await authorization.roleAssignments.create(scope, randomUUID(), {
    principalId: robot.objectId, principalType: 'ServicePrincipal', roleDefinitionId: reader.id });
  assert.equal(assignment.principalId, robot.objectId);
  assert.equal((await stranger.resourceGroups.get(group)).name, group);
  const write = await stranger.resourceGroups.update(group, { tags: {} }).catch((caught) => caught);
  assert.equal(write.statusCode, 403);
  await authorization.roleAssignments.delete(scope, assignment.name);
  const again = await stranger.resourceGroups.get(group).catch((caught) => caught);
  assert.equal(again.statusCode, 403);
});

await check('everything goes', async () => {
  await provisioning.iotDpsResource.beginDeleteAndWait('sdk-dps', group, quick);
  await hubs.iotHubResource.beginDeleteAndWait(group, 'sdk-hub', quick);
  await events.namespaces.beginDeleteAndWait(group, 'sdk-events', quick);
  await storage.storageAccounts.delete(group, 'sdkstorage');
  await registries.registries.beginDeleteAndWait(group, 'sdkregistry', quick);
  assert.deepEqual(await namesOf(resources.resources.listByResourceGroup(group)), []);
  await resources.resourceGroups.beginDeleteAndWait(group, quick);
  assert.equal((await resources.resourceGroups.checkExistence(group)).body, false);
});
finish();
