// SPDX-License-Identifier: Apache-2.0
// What Microsoft's SDKs do with a hub's messages beside the device's own side: the built-in endpoint by way of the
// redirect, events of the hub, messages to devices and the feedback on them. See iot_messaging_sdk.sh.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client: Device, Message: DeviceMessage } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { AmqpWs, Client: Service, Registry } = require('azure-iothub');
const { Message } = require('azure-iot-common');
const { EventHubConsumerClient, earliestEventPosition } = require('@azure/event-hubs');
const rhea = require('rhea');
const WebSocket = require('ws');

const connection = readFileSync(`${process.env.CONFORMANCE_WORK}/hub-connection`, 'utf8');
const part = (name) => new RegExp(`${name}=([^;]+)`).exec(connection)[1];
const host = part('HostName');
const policy = part('SharedAccessKeyName');
const key = part('SharedAccessKey');
const registry = Registry.fromConnectionString(connection);
const primaryKey = (answer) => answer.responseBody.authentication.symmetricKey.primaryKey;

async function until(condition, milliseconds = 10000) {
  for (let waited = 0; waited < milliseconds; waited += 50) {
    const value = await condition();
    if (value) return value;
    await sleep(50);
  }
  throw new Error('it did not happen in time');
}

// As Microsoft's sample turns a hub's connection string into one of the built-in endpoint.
function redirected(password) {
  return new Promise((done, fail) => {
    const container = rhea.create_container();
    const open = container.connect({
      transport: 'tls', host, servername: host, port: 5671, username: `${policy}@sas.root.${host.split('.')[0]}`, password,
      reconnect: false });
    container.on('connection_open', () => {
      open.open_receiver({ source: { address: `amqps://${host}/messages/events/$management` } });
    });
    container.on('receiver_error', (context) => { done(context.receiver.error); open.close(); });
    container.on('disconnected', () => fail(new Error('disconnected')));
    container.on('connection_error', (context) => fail(context.connection.error));
  });
}
function signature(resource) {
  const sr = encodeURIComponent(resource);
  const se = Math.floor(Date.now() / 1000) + 300;
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${se}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=${policy}`;
}

let endpoint;
await check('the hub leads to its built-in endpoint', async () => {
  const error = await redirected(signature(`${host}/messages/events`));
  assert.equal(error.condition, 'amqp:link:redirect');
  const path = /5671\/(.*)\/\$management/i.exec(error.info.address)[1];
  endpoint = `Endpoint=sb://${error.info.hostname}/;EntityPath=${path};SharedAccessKeyName=${policy};SharedAccessKey=${key}`;
  await assert.rejects(redirected('SharedAccessSignature sr=x&sig=x&se=1&skn=x'));
});

const deviceKey = primaryKey(await registry.create({ deviceId: 'talker' }));
const deviceConnection = `HostName=${host};DeviceId=talker;SharedAccessKey=${deviceKey}`;

const events = [];
const consumer = new EventHubConsumerClient('ferry', endpoint);
const subscription = consumer.subscribe({
  processEvents: async (batch) => { events.push(...batch); },
  processError: async (error) => { events.push({ error }); },
}, { startPosition: earliestEventPosition });
const find = (condition) => until(() => events.find(condition));

const device = Device.fromConnectionString(deviceConnection, Mqtt);
await check('a message of a device arrives with what Azure adds', async () => {
  await device.open();
  const message = new DeviceMessage(JSON.stringify({ level: 7 }));
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  message.messageId = 'm-1';
  message.properties.add('colour', 'red');
  await device.sendEvent(message);
  const event = await find((each) => each.messageId === 'm-1');
  assert.deepEqual(event.body, { level: 7 });
  assert.deepEqual(event.properties, { colour: 'red' });
  const system = event.systemProperties;
  assert.equal(system['iothub-connection-device-id'], 'talker');
  assert.equal(system['iothub-message-source'], 'Telemetry');
  assert.deepEqual(JSON.parse(system['iothub-connection-auth-method']), { scope: 'device', type: 'sas', issuer: 'iothub' });
  assert.ok(system['iothub-connection-auth-generation-id']);
  assert.ok(Math.abs(Date.now() - new Date(system['iothub-enqueuedtime']).getTime()) < 60000);
  const partitions = await consumer.getPartitionIds();
  assert.equal(partitions.length, 4);
});

await check('routes bring what the hub tells of twins, identities and connections', async () => {
  const created = await find((each) => each.properties?.opType === 'createDeviceIdentity' && each.properties.deviceId === 'talker');
  assert.equal(created.body.deviceId, 'talker');
  assert.equal(created.systemProperties['iothub-message-source'], 'deviceLifecycleEvents');
  const connected = await find((each) => each.properties?.opType === 'deviceConnected');
  assert.match(connected.body.sequenceNumber, /^[0-9A-F]{64}$/);
  const twin = await device.getTwin();
  await new Promise((done, fail) => {
    twin.properties.reported.update({ speed: 3 }, (error) => (error ? fail(error) : done()));
  });
  const changed = await find((each) => each.properties?.opType === 'updateTwin');
  assert.equal(changed.body.properties.reported.speed, 3);
  assert.equal(changed.properties['iothub-message-schema'], 'twinChangeNotification');
  assert.equal(changed.properties.hubName, host.split('.')[0]);
});

// Sends, lets the device take it and waits for the feedback.
async function toDevice(service, messageId) {
  await service.open();
  const feedback = [];
  const receiver = await new Promise((done, fail) => {
    service.getFeedbackReceiver((error, made) => (error ? fail(error) : done(made)));
  });
  receiver.on('message', (message) => { feedback.push(...JSON.parse(message.data.toString())); });
  const arrived = new Promise((done) => {
    device.on('message', (message) => { if (message.messageId === messageId) done(message); });
  });
  const message = new Message(`do ${messageId}`);
  message.messageId = messageId;
  message.ack = 'full';
  message.properties.add('speed', 'slow');
  await service.send('talker', message);
  const taken = await arrived;
  assert.equal(taken.getData().toString(), `do ${messageId}`);
  assert.equal(taken.properties.getValue('speed'), 'slow');
  await device.complete(taken);
  const record = await until(() => feedback.find((each) => each.originalMessageId === messageId));
  assert.equal(record.statusCode, 'Success');
  assert.equal(record.deviceId, 'talker');
  return service;
}

await check('a message to a device arrives, and its sender hears of it', async () => {
  await (await toDevice(Service.fromConnectionString(connection), 'c2d-1')).close();
});

await check('the same inside WebSockets', async () => {
  await (await toDevice(Service.fromConnectionString(connection, AmqpWs), 'c2d-2')).close();
});

await check('a message that expires says so; one for nobody is refused', async () => {
  await registry.create({ deviceId: 'asleep' });
  const service = Service.fromConnectionString(connection);
  await service.open();
  const feedback = [];
  const receiver = await new Promise((done, fail) => {
    service.getFeedbackReceiver((error, made) => (error ? fail(error) : done(made)));
  });
  receiver.on('message', (message) => { feedback.push(...JSON.parse(message.data.toString())); });
  const message = new Message('too late');
  message.messageId = 'late';
  message.ack = 'negative';
  message.expiryTimeUtc = Date.now() + 1500;
  await service.send('asleep', message);
  assert.equal((await until(() => feedback.find((each) => each.originalMessageId === 'late'))).statusCode, 'Expired');
  await assert.rejects(service.send('nobody', new Message('')), { name: 'DeviceNotFoundError' });
  await service.close();
});

await check('a queue holds fifty messages', async () => {
  const service = Service.fromConnectionString(connection);
  await service.open();
  for (let number = 0; number < 50; ++number) await service.send('asleep', new Message(`${number}`));
  await assert.rejects(service.send('asleep', new Message('one more')), { name: 'DeviceMaximumQueueDepthExceededError' });
  await service.close();
});

await check('the built-in endpoint is read inside WebSockets too', async () => {
  const inside = new EventHubConsumerClient('$Default', endpoint, { webSocketOptions: { webSocket: WebSocket } });
  assert.equal((await inside.getPartitionIds()).length, 4);
  await inside.close();
});

await check('whoever may only register devices reads nothing', async () => {
  const { path } = /EntityPath=(?<path>[^;]+)/.exec(endpoint).groups;
  const stranger = new EventHubConsumerClient('$Default',
    endpoint.replace(`SharedAccessKeyName=${policy}`, 'SharedAccessKeyName=registryRead').replace(/SharedAccessKey=[^;]+$/,
      `SharedAccessKey=${readFileSync(`${process.env.CONFORMANCE_WORK}/read-key`, 'utf8')}`), path,
    { retryOptions: { maxRetries: 0, timeoutInMs: 5000 } });
  await assert.rejects(stranger.getPartitionIds());
});

await subscription.close();
await consumer.close();
await device.close().catch(() => {});
finish();
