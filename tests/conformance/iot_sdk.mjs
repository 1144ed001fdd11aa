// SPDX-License-Identifier: Apache-2.0
// What Microsoft's IoT SDKs for Node do with a device from enrollment to telemetry: see iot_sdk.sh.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { Mqtt: ProvisioningMqtt } = require('azure-iot-provisioning-device-mqtt');
const { X509Security } = require('azure-iot-security-x509');
const { Registry } = require('azure-iothub');

const work = process.env.CONFORMANCE_WORK;
const read = (name) => readFileSync(`${work}/${name}`, 'utf8');
const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`));
const dps = JSON.parse(read('dps.json')).properties;
const registry = Registry.fromConnectionString(read('hub-connection'));
const identity = (name) => ({
  cert: read(`certificates/${name}.chain.pem`), key: read(`certificates/${name}.key`),
});

function dpsToken(host) {
  const { keyName, primaryKey } = JSON.parse(read('dps-keys.json')).value[0];
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('sha256', Buffer.from(primaryKey, 'base64'))
    .update(`${encodeURIComponent(host)}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encodeURIComponent(host)}&sig=${encodeURIComponent(signature)}` +
    `&se=${expiry}&skn=${keyName}`;
}

await check('an enrollment group takes an intermediate CA', async () => {
  const host = dps.serviceOperationsHostName;
  const answer = await fetch(`https://${host}/enrollmentGroups/line-1?api-version=2021-10-01`, {
    method: 'PUT',
    headers: { Authorization: dpsToken(host), 'Content-Type': 'application/json' },
    body: JSON.stringify({
      enrollmentGroupId: 'line-1',
      attestation: {
        type: 'x509',
        x509: { signingCertificates: { primary: { certificate: read('certificates/line-1.pem') } } },
      },
      capabilities: { iotEdge: true },
      initialTwin: { tags: { nodeGroup: 'line-1' }, properties: { desired: { interval: 5 } } },
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
});

const provision = (name) => ProvisioningDeviceClient.create(
  environment.deviceProvisioningHost, dps.idScope, new ProvisioningMqtt(),
  new X509Security(name, identity(name)));

let assignment;
await check('a device registers with its chain', async () => {
  assignment = await provision('pump-7').register();
  assert.equal(assignment.status, 'assigned');
  assert.equal(assignment.deviceId, 'pump-7');
  assert.equal(assignment.assignedHub, `conformance-hub.${environment.suffixes.iotHub}`);
});

await check('a device with a chain of another root is refused', async () => {
  await assert.rejects(provision('intruder').register());
});

const client = Client.fromConnectionString(
  `HostName=${assignment?.assignedHub};DeviceId=pump-7;x509=true`, Mqtt);
let twin;
await check('it connects to its hub and reads its twin', async () => {
  await client.setOptions(identity('pump-7'));
  await client.open();
  twin = await client.getTwin();
  assert.equal(twin.properties.desired.interval, 5);
});

await check('it reports, and the service sees the report', async () => {
  await new Promise((done, fail) => {
    twin.properties.reported.update({ firmware: '1.2' }, (error) => (error ? fail(error) : done()));
  });
  const { responseBody } = await registry.getTwin('pump-7');
  assert.equal(responseBody.properties.reported.firmware, '1.2');
  assert.equal(responseBody.tags.nodeGroup, 'line-1');
  assert.equal(responseBody.capabilities?.iotEdge, true);
});

await check('it hears of desired properties that the service changes', async () => {
  const heard = new Promise((done, fail) => {
    setTimeout(() => fail(new Error('nothing heard in 10 s')), 10_000).unref();
    twin.on('properties.desired.interval', (value) => value === 9 && done());
  });
  await registry.updateTwin('pump-7', { properties: { desired: { interval: 9 } } }, '*');
  await heard;
});

await check('it sends a message', () => client.sendEvent(new Message('{"level": 3}')));

await check('the service creates, finds and deletes a configuration', async () => {
  const configuration = {
    id: 'line-1-1', schemaVersion: '1.0', priority: 10, labels: { group: 'line-1' },
    targetCondition: "tags.nodeGroup='line-1'", content: { modulesContent: { $edgeAgent: { 'properties.desired': {
      schemaVersion: '1.1', runtime: { type: 'docker', settings: {} },
      systemModules: {
        edgeAgent: { type: 'docker', settings: { image: 'agent', createOptions: '' } },
        edgeHub: { type: 'docker', status: 'running', restartPolicy: 'always', settings: { image: 'hub', createOptions: '' } },
      },
      modules: {},
    } }, $edgeHub: { 'properties.desired': {
      schemaVersion: '1.1', routes: {}, storeAndForwardConfiguration: { timeToLiveSecs: 7200 } } } } },
  };
  await registry.addConfiguration(configuration);
  const found = (await registry.getConfiguration('line-1-1')).responseBody;
  assert.equal(found.priority, 10);
  assert.equal(found.labels.group, 'line-1');
  const all = (await registry.getConfigurations()).responseBody;
  assert.deepEqual(all.map((each) => each.id), ['line-1-1']);
  await assert.rejects(registry.addConfiguration(configuration), 'a second one of that name');
  await registry.removeConfiguration('line-1-1');
  await assert.rejects(registry.getConfiguration('line-1-1'));
});

await check('the service makes and removes a device of its own', async () => {
  await registry.create({ deviceId: 'by-hand', authentication: { type: 'sas' } });
  const { responseBody } = await registry.get('by-hand');
  assert.equal(responseBody.authentication.type, 'sas');
  await registry.delete('by-hand');
  await assert.rejects(registry.get('by-hand'));
});

await client.close().catch(() => {});
finish();
