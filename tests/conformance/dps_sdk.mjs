// SPDX-License-Identifier: Apache-2.0
// Microsoft's provisioning SDKs for Node, for devices over every transport and for services: see
// iot_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { Mqtt: ProvisioningMqtt, MqttWs: ProvisioningMqttWs } = require('azure-iot-provisioning-device-mqtt');
const { Http: ProvisioningHttp } = require('azure-iot-provisioning-device-http');
const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');
const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');
const { X509Security } = require('azure-iot-security-x509');
const { Registry } = require('azure-iothub');
const { createHmac } = require('node:crypto');

const work = process.env.CONFORMANCE_WORK;
const read = (name) => readFileSync(`${work}/${name}`, 'utf8');
const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`));
const dps = JSON.parse(read('dps.json')).properties;
const owner = JSON.parse(read('dps-keys.json')).value[0];
const hub = `conformance-hub.${environment.suffixes.iotHub}`;
const registry = Registry.fromConnectionString(read('hub-connection'));
const service = ProvisioningServiceClient.fromConnectionString(
  `HostName=${dps.serviceOperationsHostName};SharedAccessKeyName=${owner.keyName};SharedAccessKey=${owner.primaryKey}`);

const provision = (transport, security, payload) => {
  const client = ProvisioningDeviceClient.create(environment.deviceProvisioningHost, dps.idScope, transport, security);
  if (payload) client.setProvisioningPayload(payload);
  return client.register();
};
const byKey = (name, key) => new SymmetricKeySecurityClient(name, key);
const derive = (groupKey, name) => createHmac('sha256', Buffer.from(groupKey, 'base64')).update(name).digest('base64');
const transports = { mqtt: ProvisioningMqtt, 'mqtt over websockets': ProvisioningMqttWs, https: ProvisioningHttp };

let groupKey;
await check('the service SDK makes a group with keys that the service draws', async () => {
  const { responseBody } = await service.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'keyed', attestation: { type: 'symmetricKey' }, provisioningStatus: 'enabled',
    initialTwin: { tags: { site: 'north' }, properties: { desired: { interval: 5 } } },
  });
  assert.equal(responseBody.enrollmentGroupId, 'keyed');
  const mechanism = (await service.getEnrollmentGroupAttestationMechanism('keyed')).responseBody;
  assert.equal(mechanism.type, 'symmetricKey');
  groupKey = mechanism.symmetricKey.primaryKey;
  assert.equal(Buffer.from(groupKey, 'base64').length, 64);
});

for (const [name, Transport] of Object.entries(transports)) {
  const device = `keyed-${name.replaceAll(' ', '-')}`;
  await check(`a device of the group registers over ${name} with its derived key, and a payload`, async () => {
    const result = await provision(new Transport(), byKey(device, derive(groupKey, device)), { site: 'north' });
    assert.equal(result.status, 'assigned');
    assert.equal(result.assignedHub, hub);
    assert.equal(result.deviceId, device);
    const { responseBody } = await registry.getTwin(device);
    assert.equal(responseBody.tags.site, 'north');
  });
  await check(`a wrong key is refused over ${name}`, async () => {
    await assert.rejects(provision(new Transport(), byKey('keyed-stranger', derive(groupKey, 'another'))));
  });
  await check(`a device registers with its certificate chain over ${name}`, async () => {
    const identity = { cert: read('certificates/pump-7.chain.pem'), key: read('certificates/pump-7.key') };
    const result = await provision(new Transport(), new X509Security('pump-7', identity));
    assert.equal(result.deviceId, 'pump-7');
  });
}

await check('a device signs in at its hub with the key that it registered with', async () => {
  const key = derive(groupKey, 'keyed-mqtt');
  const client = Client.fromConnectionString(`HostName=${hub};DeviceId=keyed-mqtt;SharedAccessKey=${key}`, Mqtt);
  await client.open();
  const twin = await client.getTwin();
  assert.equal(twin.properties.desired.interval, 5);
  await client.close();
});

await check('an individual enrollment has a device id, keys and a static hub of its own', async () => {
  const primaryKey = Buffer.alloc(32, 7).toString('base64');
  const secondaryKey = Buffer.alloc(32, 8).toString('base64');
  const { responseBody } = await service.createOrUpdateIndividualEnrollment({
    registrationId: 'own', deviceId: 'own-device', allocationPolicy: 'static', iotHubs: [hub],
    attestation: { type: 'symmetricKey', symmetricKey: { primaryKey, secondaryKey } },
    reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
    initialTwin: { tags: { fresh: true } },
  });
  assert.equal(responseBody.deviceId, 'own-device');
  assert.equal((await provision(new ProvisioningMqtt(), byKey('own', primaryKey))).deviceId, 'own-device');
  const again = await provision(new ProvisioningHttp(), byKey('own', secondaryKey));
  assert.equal(again.substatus, 'deviceDataReset');
  const state = (await service.getDeviceRegistrationState('own')).responseBody;
  assert.equal(state.status, 'assigned');
});

await check('an update with an old etag is refused', async () => {
  const current = (await service.getIndividualEnrollment('own')).responseBody;
  await service.createOrUpdateIndividualEnrollment({ ...current, provisioningStatus: 'disabled' });
  await assert.rejects(service.createOrUpdateIndividualEnrollment(current));
  await assert.rejects(provision(new ProvisioningMqtt(), byKey('own', Buffer.alloc(32, 7).toString('base64'))), 'it is disabled');
});

await check('many enrollments are made in one request and read page by page', async () => {
  const enrollments = Array.from({ length: 7 }, (_, i) => ({ registrationId: `bulk-${i}`, attestation: { type: 'symmetricKey' } }));
  // The promise that this one returns without a callback never settles.
  const result = await new Promise((resolve, reject) => {
    service.runBulkEnrollmentOperation({ mode: 'create', enrollments }, (error, made) => (error ? reject(error) : resolve(made)));
  });
  assert.equal(result.isSuccessful, true);
  const query = service.createIndividualEnrollmentQuery({ query: '*' }, 3);
  const seen = [];
  do {
    const page = await query.next(query.continuationToken);
    const items = page.responseBody ?? page.result ?? page;
    assert.ok(items.length <= 3);
    seen.push(...items.map((each) => each.registrationId));
  } while (query.hasMoreResults);
  assert.equal(seen.filter((id) => id.startsWith('bulk-')).length, 7);
});

await check('the registrations of a group are found, and one is deleted', async () => {
  const query = service.createEnrollmentGroupDeviceRegistrationStateQuery({ query: '*' }, 'keyed', 10);
  const page = await query.next();
  const items = page.responseBody ?? page.result ?? page;
  assert.equal(items.length, 3);
  await service.deleteDeviceRegistrationState(items[0].registrationId);
  await assert.rejects(service.getDeviceRegistrationState(items[0].registrationId));
});

await check('custom allocation is refused with the reason', async () => {
  await assert.rejects(service.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'custom', attestation: { type: 'symmetricKey' }, allocationPolicy: 'custom',
    customAllocationDefinition: { webhookUrl: 'https://example.com', apiVersion: '2019-03-31' },
  }));
});

await check('groups are deleted', async () => {
  await service.deleteEnrollmentGroup('keyed');
  await assert.rejects(service.getEnrollmentGroup('keyed'));
});

finish();
