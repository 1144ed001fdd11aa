// SPDX-License-Identifier: Apache-2.0
// What Microsoft's service SDK and a device and a module with keys do with an IoT hub: see iot_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client, Message, ModuleClient } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { Client: Service, Registry } = require('azure-iothub');

const connection = readFileSync(`${process.env.CONFORMANCE_WORK}/hub-connection`, 'utf8');
const host = /HostName=([^;]+)/.exec(connection)[1];
const registry = Registry.fromConnectionString(connection);
const service = Service.fromConnectionString(connection);
const primaryKey = (answer) => answer.responseBody.authentication.symmetricKey.primaryKey;

await check('devices are made, disabled and removed many at once', async () => {
  const devices = ['b1', 'b2', 'b3'].map((deviceId) => ({ deviceId }));
  assert.equal((await registry.addDevices(devices)).responseBody.isSuccessful, true);
  await assert.rejects(registry.addDevices(devices));
  await registry.updateDevices(devices.map((each) => ({ ...each, status: 'disabled' })), true);
  assert.equal((await registry.get('b2')).responseBody.status, 'disabled');
  assert.equal((await registry.removeDevices(devices, true)).responseBody.isSuccessful, true);
});

const deviceKey = primaryKey(await registry.create({ deviceId: 'keyed' }));
const device = Client.fromConnectionString(
  `HostName=${host};DeviceId=keyed;SharedAccessKey=${deviceKey}`, Mqtt);
await check('a device with a key connects and answers a direct method', async () => {
  await device.open();
  device.onDeviceMethod('restart', (request, response) => {
    assert.deepEqual(request.payload, { gently: true });
    response.send(200, { done: true });
  });
  await sleep(500); // the SDK does not say when it has subscribed
  const { result } = await service.invokeDeviceMethod(
    'keyed', { methodName: 'restart', payload: { gently: true }, responseTimeoutInSeconds: 10 });
  assert.deepEqual(result, { status: 200, payload: { done: true } });
});

await check('a method for a device that is away is refused', async () => {
  await registry.create({ deviceId: 'away' });
  await assert.rejects(service.invokeDeviceMethod('away', { methodName: 'restart' }));
});

await check('messages with properties are taken', async () => {
  for (let level = 0; level < 20; ++level) {
    const message = new Message(JSON.stringify({ level }));
    message.contentType = 'application/json';
    message.properties.add('a key', 'a&value');
    await device.sendEvent(message);
  }
});

await check('a module has its own connection, twin, outputs and methods', async () => {
  const key = primaryKey(await registry.addModule({ deviceId: 'keyed', moduleId: 'filter' }));
  const module = ModuleClient.fromConnectionString(
    `HostName=${host};DeviceId=keyed;ModuleId=filter;SharedAccessKey=${key}`, Mqtt);
  await module.open();
  const twin = await module.getTwin();
  await new Promise((done, fail) => {
    twin.properties.reported.update({ ready: true }, (error) => (error ? fail(error) : done()));
  });
  const { responseBody } = await registry.getModuleTwin('keyed', 'filter');
  assert.equal(responseBody.properties.reported.ready, true);
  assert.equal(responseBody.connectionState, 'Connected');
  module.on('inputMessage', () => {});
  module.onMethod('flush', (request, response) => response.send(201, null));
  await sleep(500);
  await module.sendOutputEvent('alarms', new Message('hot'));
  const { result } = await service.invokeDeviceMethod('keyed', 'filter', { methodName: 'flush' });
  assert.equal(result.status, 201);
  await module.close();
});

await check('a query comes in pages', async () => {
  for (let number = 0; number < 7; ++number) {
    await registry.create({ deviceId: `page-${number}` });
    await registry.updateTwin(`page-${number}`, { tags: { paged: true } }, '*');
  }
  const query = registry.createQuery('select * from devices where tags.paged = true', 3);
  const found = [];
  while (query.hasMoreResults) {
    const { result } = await query.nextAsTwin();
    assert.ok(result.length <= 3);
    found.push(...result.map((twin) => twin.deviceId));
  }
  assert.equal(new Set(found).size, 7);
});

await check('an old ETag does not change a twin, the present one does', async () => {
  await assert.rejects(registry.updateTwin('page-1', { tags: { site: 'a' } }, 'AAAAAAAAAAk='));
  const { responseBody: twin } = await registry.getTwin('page-1');
  const { responseBody: changed } =
    await registry.updateTwin('page-1', { tags: { site: 'a' } }, twin.etag);
  assert.equal(changed.tags.site, 'a');
});

await check('a deployment stands on an edge device as soon as it is made', async () => {
  const content = { modulesContent: {
    $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules: {} } },
    $edgeHub: { 'properties.desired': { schemaVersion: '1.1' } } } };
  await registry.create({ deviceId: 'edge', capabilities: { iotEdge: true } });
  await registry.applyConfigurationContentOnDevice('edge', content);
  await registry.addConfiguration(
    { id: 'edges', schemaVersion: '1.0', priority: 1, labels: {}, content, targetCondition: "deviceId='edge'" });
  const { responseBody: configuration } = await registry.getConfiguration('edges');
  assert.equal(configuration.systemMetrics.results.appliedCount, 1);
  configuration.priority = 5;
  await registry.updateConfiguration(configuration);
  const { responseBody: agent } = await registry.getModuleTwin('edge', '$edgeAgent');
  assert.equal(agent.configurations.edges.status, 'Applied');
  await registry.removeConfiguration('edges');
});

await device.close().catch(() => {});
finish();
